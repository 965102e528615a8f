/** Builds the upstreams of one configuration: the endpoint of each, and the probe that asks whether it is alive. */
import { isDeepStrictEqual } from 'node:util'
import { faultsOf } from './config/checks-tls.ts'
import type { Config, Upstream } from './config/config.ts'
import { ConfigRefusedError } from './config/errors.ts'
import type { SessionRegistry } from './session/registry.ts'
import type { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'
import { endpointMeter } from './telemetry/meters.ts'
import { upstreamTraffic } from './telemetry/upstream-traffic.ts'
import { Connectors } from './upstream/connector.ts'
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

  /**
   * Throws a `ConfigRefusedError` when files of TLS cannot be used any more.
   * @param before those that run: whatever another configuration does not change goes on
   */
  constructor(config: Config, surroundings: UpstreamSurroundings, before?: Upstreams) {
    this.#surroundings = surroundings
    this.#before = before
    const { headBytes } = config.limits
    this.#all = new Map(
      [...connectorsOf(config)].map(([name, connectors]) => {
        const way = { name, settings: config.upstreams[name] as Upstream, connectors, headBytes }
        return [name, build(way, surroundings, before?.get(name))]
      }),
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

/** Of each upstream by its name. All of them before anything else is built. */
function connectorsOf({ upstreams }: Config): Map<string, Connectors> {
  const made = new Map<string, Connectors>()
  const errors = Object.entries(upstreams).flatMap(([name, { url, tls }]) =>
    faultsOf(name, () => made.set(name, new Connectors(new URL(url), tls))),
  )
  if (errors.length > 0) throw new ConfigRefusedError(errors)
  return made
}

interface Way {
  readonly name: string
  readonly settings: Upstream
  readonly connectors: Connectors
  readonly headBytes: number
}

function build(
  { name, settings, connectors, headBytes }: Way,
  { instruments, log, version, sessions, onTools }: UpstreamSurroundings,
  before: RunningUpstream | undefined,
): RunningUpstream {
  const meter = endpointMeter(instruments, name)
  const stays = before !== undefined && sameWay(before, settings, connectors)
  const onRestart = () => sessions.endpointRestarted(name, settings.url)
  const endpoint = stays ? before.endpoint : new Endpoint({ ...settings, connectors, headBytes, meter, onRestart })
  const running = { name, settings, endpoint, address: addressOf(endpoint.url) }
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

/** Whether the same connections serve both. Limits are no matter of connections; files change under the same names. */
function sameWay({ settings: a, endpoint }: RunningUpstream, b: Upstream, { fingerprint }: Connectors): boolean {
  const same = a.url === b.url && a.keepAlive === b.keepAlive && isDeepStrictEqual(a.tls, b.tls)
  return same && endpoint.connectors.fingerprint === fingerprint
}

/** What nobody asks any more is neither up nor down. */
function forget(name: string, { instruments }: UpstreamSurroundings): void {
  instruments.pools.upstreamUp.unbind([name])
}

function addressOf({ hostname, port, protocol, host }: URL): RunningUpstream['address'] {
  return { host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80), text: host }
}
