/** TLS of a listener: reads its files, and reads them again when they change, without dropping a connection. */
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { Server as HttpServer } from 'node:http'
import { createSecureContext, type SecureContextOptions, type Server, type TlsOptions } from 'node:tls'

/** PEM files. */
export interface ListenerTls {
  readonly cert: string
  readonly key: string
  /** With it, downstreams must show a certificate that it signed. */
  readonly clientCa?: string | undefined
}

/** Kubernetes swaps a symbolic link when a Secret changes: polling the target sees that, watching the file does not. */
const POLL_MS = 2_000

export function loadTls({ cert, key, clientCa }: ListenerTls): SecureContextOptions & TlsOptions {
  return {
    cert: readFileSync(cert),
    key: readFileSync(key),
    // HTTP/2 is no goal; without this, clients that offer it would wait for an answer that never fits.
    ALPNProtocols: ['http/1.1'],
    ...(clientCa !== undefined && { ca: readFileSync(clientCa), requestCert: true, rejectUnauthorized: true }),
  }
}

/**
 * Files that do not fit together (half of a pair was swapped) leave the old ones in force until the next look.
 * @returns stops looking
 */
export function reloadTls(
  server: HttpServer,
  tls: ListenerTls,
  onReload: (error: Error | undefined) => void,
  poll = POLL_MS,
): () => void {
  const files = [tls.cert, tls.key, ...(tls.clientCa === undefined ? [] : [tls.clientCa])]
  const take = (): void => {
    const loaded = loadTls(tls)
    createSecureContext(loaded)
    ;(server as unknown as Server).setSecureContext(loaded)
  }
  const reload = (): void => {
    try {
      take()
      onReload(undefined)
    } catch (error) {
      onReload(error as Error)
    }
  }
  for (const file of files) watchFile(file, { interval: poll, persistent: false }, reload)
  // What changed since the server read them, and before the first look, is no change to whoever watches.
  const again = setTimeout(() => {
    try {
      take()
    } catch (error) {
      onReload(error as Error)
    }
  }, poll).unref()
  return () => {
    clearTimeout(again)
    for (const file of files) unwatchFile(file, reload)
  }
}
