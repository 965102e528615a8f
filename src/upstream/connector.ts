/** Opens sockets to one endpoint: verified TLS under a server name of ours, and a bounded connect time. */
import { isIP, type Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import type { buildConnector } from 'undici'
import { readTlsFiles, type UpstreamTls } from './tls-files.ts'
import { buildConnector as newConnector } from './undici.ts'

/** Returns the socket at once, which whoever gives up waiting for it has to destroy: undici does not. */
export type Connector = (options: buildConnector.Options, callback: buildConnector.Callback) => Socket

/** Makes connectors for one endpoint; one per connect deadline, each with its own TLS session cache. */
export class Connectors {
  readonly url: URL
  /** What every dispatch must carry, so that undici never compares names that downstreams chose; never sent for an IP. */
  readonly servername: string
  /** Of the files of TLS: others may stand under the same names by now. */
  readonly fingerprint: string
  /** `undefined`: no TLS. */
  readonly #secureContext: SecureContext | undefined
  /** The name that is sent and verified; none for an IP. */
  readonly #name: string
  readonly #made = new Map<number, Connector>()

  /** Reads the files of TLS, once for all connections. Throws a `TlsFilesError`. */
  constructor(url: URL, tls: UpstreamTls) {
    this.url = url
    this.servername = tls.servername ?? url.hostname
    this.#name = tls.servername ?? tlsName(url)
    const files = url.protocol === 'https:' ? readTlsFiles(tls) : undefined
    this.#secureContext = files?.secureContext
    this.fingerprint = files?.fingerprint ?? ''
  }

  /** @param timeout milliseconds; 0: none */
  within(timeout: number): Connector {
    let connector = this.#made.get(timeout)
    if (connector === undefined) {
      connector = this.#make(timeout)
      this.#made.set(timeout, connector)
    }
    return connector
  }

  #make(timeout: number): Connector {
    const secureContext = this.#secureContext
    const secure = secureContext !== undefined
    const connect = newConnector({
      timeout,
      allowH2: false,
      // One for all connections: from PEM, Node would make one for each.
      ...(secure && { rejectUnauthorized: true, secureContext }),
    } as buildConnector.BuildOptions) as unknown as Connector
    // undici would take the name from the request's Host header, which a downstream may choose (traps, "TLS").
    const name = this.#name
    return (options, callback) =>
      connect(secure && name !== '' ? { ...options, servername: name } : withoutName(options), callback)
  }
}

function tlsName({ hostname }: URL): string {
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : ''
}

function withoutName(options: buildConnector.Options): buildConnector.Options {
  const { servername: _, ...rest } = options
  return rest as buildConnector.Options
}
