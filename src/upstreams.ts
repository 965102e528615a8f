/** Builds the upstreams of one configuration: the endpoint of each, and the probe that asks whether it is alive. */
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Config, Upstream } from './config/config.ts'
import type { SessionRegistry } from './session/registry.ts'
import type { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'
import { endpointMeter } from './telemetry/meters.ts'
import { upstreamTraffic } from './telemetry/upstream-traffic.ts'
import type { UpstreamTls } from './upstream/connector.ts'
import { Endpoint } from './upstream/endpoint.ts'
import { Probe, type ProbeResult } from './upstream/probe.ts'
import type { OnPage } from './upstream/probe-conversation.ts'

export interface RunningUpstream {
  readonly name: string
  readonly settings: Upstream
  readonly endpoint: Endpoint
  readonly probe: Probe
  /** Without credentials. */
  readonly address: { readonly host: string; readonly port: number; readonly text: string }
  /** Of the files that its TLS settings name. */
  readonly certificates: string
}

export interface UpstreamSurroundings {
  readonly instruments: Instruments
  readonly log: Log
  readonly version: string
  readonly sessions: SessionRegistry
  /** A probe has got a page of the tools of an upstream. */
  readonly onTools: (upstream: string, ...page: Parameters<OnPage>) => void
}

export class Upstreams {
  readonly #all: ReadonlyMap<string, RunningUpstream>
  readonly #surroundings: UpstreamSurroundings
  /** Until they have given way to these. */
  #before: Upstreams | undefined
  /** Of configurations before, with exchanges that are not over. */
  #retired: readonly Endpoint[] = []

  /** @param before those that run: whatever another configuration does not change goes on */
  constructor(config: Config, surroundings: UpstreamSurroundings, before?: Upstreams) {
    this.#surroundings = surroundings
    this.#before = before
    const { headBytes } = config.limits
    const entries = Object.entries(config.upstreams)
    this.#all = new Map(
      entries.map(([name, settings]) => [name, build(name, settings, headBytes, surroundings, before?.get(name))]),
    )
  }

  get all(): readonly RunningUpstream[] {
    return [...this.#all.values()]
  }

  get(name: string): RunningUpstream | undefined {
    return this.#all.get(name)
  }

  /** Of an upstream that the configuration has. */
  endpoint(name: string): Endpoint {
    return (this.#all.get(name) as RunningUpstream).endpoint
  }

  /** Begins to probe, and ends what those before had and these have not. */
  start(): void {
    const before = this.#before?.all ?? []
    const probes = new Set(before.map(({ probe }) => probe))
    for (const { settings, endpoint, probe } of this.all) {
      endpoint.permits.limit(settings.limits)
      if (!probes.delete(probe)) probe.start()
    }
    for (const probe of probes) void probe.stop()
    const endpoints = new Set(this.all.map(({ endpoint }) => endpoint))
    const gone = before.map(({ endpoint }) => endpoint).filter((endpoint) => !endpoints.has(endpoint))
    for (const { pool } of gone) pool.retire()
    const retired = this.#before === undefined ? [] : this.#before.#retired
    this.#retired = [...retired, ...gone].filter(({ pool }) => pool.size > 0)
    for (const { name } of before) if (!this.#all.has(name)) forget(name, this.#surroundings)
    this.#before = undefined
  }

  async stopProbes(): Promise<void> {
    await Promise.all(this.all.map(({ probe }) => probe.stop()))
  }

  /** Closes every connection at once, with whatever is on it. */
  async close(): Promise<void> {
    const endpoints = [...this.#retired, ...this.all.map(({ endpoint }) => endpoint)]
    await Promise.all(endpoints.map(({ pool }) => pool.destroy()))
  }
}

function build(
  name: string,
  settings: Upstream,
  headBytes: number,
  { instruments, log, version, sessions, onTools }: UpstreamSurroundings,
  before: RunningUpstream | undefined,
): RunningUpstream {
  const certificates = fingerprint(settings.tls)
  const meter = endpointMeter(instruments, name)
  const stays = before !== undefined && before.certificates === certificates && sameWay(before.settings, settings)
  const onRestart = () => sessions.endpointRestarted(name, settings.url)
  const endpoint = stays ? before.endpoint : new Endpoint({ ...settings, headBytes, meter, onRestart })
  const running = { name, settings, endpoint, address: addressOf(endpoint.url), certificates }
  if (stays && isDeepStrictEqual(before.settings.probe, settings.probe)) return { ...running, probe: before.probe }
  let alive: boolean | undefined
  const onResult = (result: ProbeResult): void => {
    meter.probed(result)
    if (result.alive === alive) return
    alive = result.alive
    const logger = log.module('upstream')
    if (alive) logger.info({ upstream: name, probe: result.message }, 'upstream is alive')
    else logger.warn({ upstream: name, probe: result.message }, 'upstream is not alive')
  }
  const { traffic, learnNames, ...asked } = settings.probe
  const probe = new Probe({
    ...asked,
    endpoint,
    version,
    onResult,
    onPage: learnNames ? (...page) => onTools(name, ...page) : undefined,
    traffic: traffic ? upstreamTraffic(instruments, name) : undefined,
    before: stays ? before.probe : undefined,
  })
  return { ...running, probe }
}

/** Whether the same connections serve both. Limits are no matter of connections. */
function sameWay(a: Upstream, b: Upstream): boolean {
  return a.url === b.url && a.keepAlive === b.keepAlive && isDeepStrictEqual(a.tls, b.tls)
}

/** Files may change under the same names. */
function fingerprint({ ca, cert, key }: UpstreamTls): string {
  const files = [ca, cert, key].map((file) => (file === undefined ? '' : hash('sha256', readFileSync(file), 'hex')))
  return files.join(' ')
}

/** What nobody asks any more is neither up nor down. */
function forget(name: string, { instruments }: UpstreamSurroundings): void {
  instruments.pools.upstreamUp.unbind([name])
}

function addressOf({ hostname, port, protocol, host }: URL): RunningUpstream['address'] {
  return { host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80), text: host }
}
