/** Holds the data plane in force, and lets that of another configuration take its place between two exchanges. */
import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance } from 'fastify'
import type { Config } from './config/config.ts'
import { at } from './config/errors.ts'
import { buildDataPlane, type DataPlane, type DataPlaneSurroundings } from './data-plane.ts'
import { loadInterceptors, outdated } from './interceptors/load.ts'
import { Modules } from './interceptors/modules.ts'
import type { ProxyListener } from './listener/proxy.ts'
import { Router } from './listener/router.ts'
import { type RunningUpstream, type UpstreamSurroundings, Upstreams } from './upstreams.ts'

export interface InForceSurroundings extends DataPlaneSurroundings {
  readonly version: string
  /** Where the packages of interceptors are looked up. */
  readonly folder: string
  /** Milliseconds that a module of an interceptor may take to load, and its factory again. */
  readonly loadLimit: number | undefined
  readonly proxy: ProxyListener
  /** Adds to the proxy listener what is no exchange. */
  readonly extra: (app: FastifyInstance) => void
}

/** A data plane that is ready to be taken, or to be thrown away. */
export interface Prepared {
  /** What changed without a setting saying so: certificates under the same names. Paths of settings. */
  readonly changed: readonly string[]
  /** Interceptors whose file is another by now, and whose entry is the same. Paths of settings. */
  readonly outdated: readonly string[]
  /** Puts it in force, in this turn of the event loop. Exchanges that have begun keep the one before. */
  readonly take: () => void
}

/** Stands for the session that a list of tools came by. A session of a downstream has no space in its id. */
const PROBE = 'sidelight probe'
const NOWHERE = { path: '_none', upstream: '_none', mcp: false }

export class PlaneInForce {
  readonly #surroundings: InForceSurroundings
  readonly #modules: Modules
  #plane: DataPlane | undefined
  #probing = false

  constructor(surroundings: InForceSurroundings) {
    this.#surroundings = surroundings
    this.#modules = new Modules(surroundings.folder)
  }

  /** There once the first was taken. */
  get plane(): DataPlane {
    return this.#plane as DataPlane
  }

  upstream(name: string): RunningUpstream | undefined {
    return this.#plane?.upstreams.get(name)
  }

  /** Changes nothing. Throws what `refusalsOf` words, when a module cannot serve, or files of TLS are no use any more. */
  async prepare(config: Config): Promise<Prepared> {
    const { instruments, log, version, lasting, proxy, loadLimit } = this.#surroundings
    const before = this.#plane
    const own = await loadInterceptors(config.interceptors, this.#modules, before?.own, loadLimit)
    // Levels that somebody has set meanwhile stay, unless the configuration says something new.
    const spoken = before === undefined || isDeepStrictEqual(before.config.log, config.log)
    const { access, apply } = spoken ? { access: log.access, apply: undefined } : log.prepare(config.log)
    const { sessions, names, contextCost } = lasting
    const onTools: UpstreamSurroundings['onTools'] = (upstream, page, cursor) => {
      names.listed(upstream, PROBE, cursor, page)
      contextCost.listed(upstream, page)
    }
    const from = { instruments, log, version, sessions, onTools }
    lasting.upstreamSeries.expect(Object.keys(config.upstreams))
    const upstreams = new Upstreams(config, from, before?.upstreams)
    const plane = buildDataPlane(config, { upstreams, own, accessLog: access }, this.#surroundings)
    const router = await this.#routerOf(plane)
    const take = (): void => {
      apply?.()
      lasting.configure(config)
      proxy.connections = config.limits.connections
      proxy.use(router)
      this.#plane = plane
      if (this.#probing) upstreams.start()
    }
    return {
      changed: before === undefined ? [] : recertified(before.upstreams, upstreams),
      outdated: outdated(own, this.#modules).map((i) => `${at('interceptors', i)}.module`),
      take,
    }
  }

  /** Begins to ask upstreams whether they are alive. */
  probe(): void {
    this.#probing = true
    this.plane.upstreams.start()
  }

  async #routerOf({ config: { listen, limits }, chain, routes }: DataPlane): Promise<Router> {
    const { instruments, proxy, extra } = this.#surroundings
    const router = new Router(
      {
        host: listen.host,
        origins: listen.origins,
        requestBytes: limits.requestBytes,
        chain,
        routes,
        nowhere: { facts: NOWHERE, active: instruments.requestsActive.bind([NOWHERE.upstream]) },
        extra,
      },
      proxy,
    )
    await router.ready()
    return router
  }
}

function recertified(before: Upstreams, { all }: Upstreams): string[] {
  const changed = all.filter(({ name, endpoint: { connectors }, settings: { tls } }) => {
    const known = before.get(name)
    // Other files are a setting that changed.
    const same =
      known !== undefined && (['ca', 'cert', 'key'] as const).every((key) => known.settings.tls[key] === tls[key])
    return same && known.endpoint.connectors.fingerprint !== connectors.fingerprint
  })
  return changed.map(({ name }) => `${at('upstreams', name)}.tls`)
}
