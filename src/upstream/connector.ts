/** Opens sockets to one endpoint: verified TLS under a server name of ours, and a bounded connect time. */
import { readFileSync } from 'node:fs'
import { isIP, type Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { buildConnector as newConnector } from './undici.ts'

export interface UpstreamTls {
  /** PEM files. */
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name that the certificate must carry; the URL's host unless told. */
  readonly servername?: string | undefined
}

/** Returns the socket at once, which whoever gives up waiting for it has to destroy: undici does not. */
export type Connector = (options: buildConnector.Options, callback: buildConnector.Callback) => Socket

/** Makes connectors for one endpoint; one per connect deadline, each with its own TLS session cache. */
export class Connectors {
  readonly #url: URL
  readonly #tls: UpstreamTls
  readonly #made = new Map<number, Connector>()

  constructor(url: URL, tls: UpstreamTls) {
    this.#url = url
    this.#tls = tls
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
    const { ca, cert, key, servername } = this.#tls
    const secure = this.#url.protocol === 'https:'
    const connect = newConnector({
      timeout,
      allowH2: false,
      ...(secure && {
        rejectUnauthorized: true,
        ...(ca !== undefined && { ca: readFileSync(ca) }),
        ...(cert !== undefined && { cert: readFileSync(cert) }),
        ...(key !== undefined && { key: readFileSync(key) }),
      }),
    } as buildConnector.BuildOptions) as unknown as Connector
    // undici would take the name from the request's Host header, which a downstream may choose (traps, "TLS").
    const name = servername ?? tlsName(this.#url)
    return (options, callback) =>
      connect(secure && name !== '' ? { ...options, servername: name } : withoutName(options), callback)
  }
}

/** What every dispatch must carry, so that undici never compares names that downstreams chose; never sent for an IP. */
export function dispatchName(url: URL, tls: UpstreamTls): string {
  return tls.servername ?? url.hostname
}

function tlsName({ hostname }: URL): string {
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : ''
}

function withoutName(options: buildConnector.Options): buildConnector.Options {
  const { servername: _, ...rest } = options
  return rest as buildConnector.Options
}
