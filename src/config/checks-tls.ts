/** Checks that the TLS files of upstreams can be used, and belong together. */
import { readTlsFiles, type TlsFault, TlsFilesError } from '../upstream/tls-files.ts'
import type { Config } from './config.ts'
import { at, type ConfigError, faulty } from './errors.ts'

/** Leaves out upstreams whose URL or files have errors already. */
export function checkTlsFiles({ upstreams }: Config, errors: readonly ConfigError[]): ConfigError[] {
  return Object.entries(upstreams).flatMap(([name, { url, tls }]) => {
    const place = at('upstreams', name)
    const sound = !['url', 'tls'].some((key) => faulty(errors, at(place, key)))
    return sound && /^https:/i.test(url) ? faultsOf(name, () => readTlsFiles(tls)) : []
  })
}

/** What reading the files of an upstream throws, as errors of the configuration. */
export function faultsOf(upstream: string, read: () => unknown): ConfigError[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof TlsFilesError)) throw error
    return error.faults.map(({ setting, message }: TlsFault) => ({
      path: `${at('upstreams', upstream)}.tls.${setting}`,
      message,
      hint: HINTS[setting],
    }))
  }
}

const HINTS: Readonly<Record<TlsFault['setting'], string>> = {
  ca: 'it holds certificates of authorities, in PEM',
  cert: 'it holds the certificate to present, in PEM, and those between it and its authority',
  key: 'it holds the private key of the certificate, in PEM and not encrypted',
}
