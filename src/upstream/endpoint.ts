/** One address of an upstream: its pool, its permits, and how a request for it must look. */
import type { Connectors } from './connector.ts'
import { type PermitLimits, Permits } from './permits.ts'
import { type Adds, Pool, type PoolMeter } from './pool.ts'
import { RestartWatch } from './restart.ts'

/** Where an endpoint leaves its figures; bound once at start. */
export interface EndpointMeter extends PoolMeter {
  readonly streams: Adds
  readonly pending: Adds
  readonly retries: Adds
  /** Seconds that an exchange waited for a call permit. */
  readonly wait: { record(seconds: number): void }
  readonly rejected: Readonly<Record<'queue_full' | 'queue_timeout' | 'streams_full', Adds>>
}

export interface EndpointOptions {
  /** To its URL. */
  readonly connectors: Connectors
  readonly limits: PermitLimits
  readonly keepAlive: number
  readonly headBytes: number
  readonly meter: EndpointMeter
  /** It could not be reached, and answers again. */
  readonly onRestart?: () => void
}

export class Endpoint {
  readonly url: URL
  /** Path of the MCP endpoint. */
  readonly path: string
  /** The upstream's own Host. */
  readonly host: string
  /** To be passed with every dispatch. */
  readonly servername: string
  readonly connectors: Connectors
  readonly permits: Permits
  readonly pool: Pool
  readonly meter: EndpointMeter
  /** No connection could be made: whoever probes may want to know at once. */
  onUnreachable: (() => void) | undefined = undefined
  readonly #restart = new RestartWatch()
  readonly #onRestart: (() => void) | undefined

  constructor({ connectors, limits, keepAlive, headBytes, meter, onRestart }: EndpointOptions) {
    this.url = connectors.url
    this.path = this.url.pathname
    this.host = this.url.host
    this.servername = connectors.servername
    this.connectors = connectors
    this.permits = new Permits(limits)
    this.pool = new Pool({ origin: this.url.origin, connectors, keepAlive, headBytes, meter })
    this.meter = meter
    this.#onRestart = onRestart
  }

  /** No connection could be made. */
  unreachable(): void {
    this.#restart.refused(performance.now())
    this.onUnreachable?.()
  }

  /** @param sentAt when the request was sent, in milliseconds of `performance.now()` */
  answered(sentAt: number): void {
    if (this.#restart.answered(sentAt)) this.#onRestart?.()
  }
}
