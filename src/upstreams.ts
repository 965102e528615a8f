/** Builds the upstreams of one configuration: the endpoint of each, and the probe that asks whether it is alive. */
import type { Config, Upstream } from './config/config.ts'
import type { SessionRegistry } from './session/registry.ts'
import type { Instruments } from './telemetry/instruments.ts'
import type { Log } from './telemetry/log.ts'
import { endpointMeter } from './telemetry/meters.ts'
import { Endpoint } from './upstream/endpoint.ts'
import { Probe, type ProbeResult } from './upstream/probe.ts'

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
}

export class Upstreams {
  readonly #all: ReadonlyMap<string, RunningUpstream>

  constructor(config: Config, surroundings: UpstreamSurroundings) {
    this.#all = new Map(
      Object.entries(config.upstreams).map(([name, settings]) => [
        name,
        build(name, settings, config.limits.headBytes, surroundings),
      ]),
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

  start(): void {
    for (const { probe } of this.all) probe.start()
  }

  async stopProbes(): Promise<void> {
    await Promise.all(this.all.map(({ probe }) => probe.stop()))
  }

  /** Closes every connection at once, with whatever is on it. */
  async close(): Promise<void> {
    await Promise.all(this.all.map(({ endpoint }) => endpoint.pool.destroy()))
  }
}

function build(
  name: string,
  settings: Upstream,
  headBytes: number,
  { instruments, log, version, sessions }: UpstreamSurroundings,
): RunningUpstream {
  const meter = endpointMeter(instruments, name)
  const onRestart = () => sessions.endpointRestarted(name, settings.url)
  const endpoint = new Endpoint({ ...settings, headBytes, meter, onRestart })
  let alive: boolean | undefined
  const onResult = (result: ProbeResult): void => {
    meter.probed(result)
    if (result.alive === alive) return
    alive = result.alive
    const logger = log.module('upstream')
    if (alive) logger.info({ upstream: name, probe: result.message }, 'upstream is alive')
    else logger.warn({ upstream: name, probe: result.message }, 'upstream is not alive')
  }
  const probe = new Probe({ ...settings.probe, endpoint, version, onResult })
  return { name, settings, endpoint, probe, address: addressOf(endpoint.url) }
}

function addressOf({ hostname, port, protocol, host }: URL): RunningUpstream['address'] {
  return { host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80), text: host }
}
