/** Reads the files that the TLS settings of an upstream name, all at once: what is wrong with them is told before traffic. */
import { createPrivateKey, hash, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import { fileFailure } from '../file-failure.ts'

export interface UpstreamTls {
  /** PEM files. */
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** The name that the certificate must carry; the URL's host unless told. */
  readonly servername?: string | undefined
}

export interface TlsFiles {
  readonly secureContext: SecureContext
  /** Tells whether another file stands under the same name. */
  readonly fingerprint: string
}

const SETTINGS = ['ca', 'cert', 'key'] as const
type Setting = (typeof SETTINGS)[number]

/** What is wrong with a file; `message` is to be read after the setting's path. */
export interface TlsFault {
  readonly setting: Setting
  readonly message: string
}

/** Some files cannot be used. */
export class TlsFilesError extends Error {
  readonly faults: readonly TlsFault[]

  constructor(faults: readonly TlsFault[]) {
    super(faults.map(({ setting, message }) => `${setting} ${message}`).join('; '))
    this.faults = faults
  }
}

type Contents = Partial<Record<Setting, Buffer>>

/** Throws a `TlsFilesError` with what is wrong with each file. */
export function readTlsFiles(tls: UpstreamTls): TlsFiles {
  const faults: TlsFault[] = []
  const attempt: Attempt = (setting, work, words) => {
    try {
      return work()
    } catch (error) {
      faults.push({ setting, message: `${words(error)}: ${tls[setting]}` })
      return undefined
    }
  }
  const files = contents(tls, attempt)
  check(files, attempt)
  const usable = () => createSecureContext(files)
  const secureContext = faults.length > 0 ? undefined : attempt('cert', usable, because('cannot be used'))
  if (secureContext === undefined) throw new TlsFilesError(faults)
  return { secureContext, fingerprint: fingerprint(files) }
}

/** Notes what is thrown as a fault of that setting. */
type Attempt = <T>(setting: Setting, work: () => T, words: (error: unknown) => string) => T | undefined

function contents(tls: UpstreamTls, attempt: Attempt): Contents {
  const files: Contents = {}
  for (const setting of SETTINGS) {
    const file = tls[setting]
    const content = file === undefined ? undefined : attempt(setting, () => readFileSync(file), fileFailure)
    if (content !== undefined) files[setting] = content
  }
  return files
}

function check({ ca, cert, key }: Contents, attempt: Attempt): void {
  const unread = because('holds no certificates that can be read')
  // Node takes as much of a list of authorities as it can read, nothing at all if need be, and says nothing.
  if (ca !== undefined) attempt('ca', () => certificates(ca), unread)
  const shown = cert && attempt('cert', () => certificates(cert)[0], unread)
  const proof = key && attempt('key', () => createPrivateKey(key), because('holds no private key that can be read'))
  // Node notices that only where both are of one kind.
  if (shown && proof)
    attempt(
      'key',
      () => fit(shown, proof),
      () => 'is not the key of the certificate',
    )
}

function fit(cert: X509Certificate, key: KeyObject): void {
  if (!cert.checkPrivateKey(key)) throw new Error('it is another')
}

function certificates(pem: Buffer): X509Certificate[] {
  const blocks = pem.toString('latin1').split(/(?=-----BEGIN )/)
  const found = blocks.filter((block) => /^-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(block))
  if (found.length === 0) throw new Error('there is none')
  return found.map((block) => new X509Certificate(block))
}

function fingerprint(files: Contents): string {
  const content = SETTINGS.map((setting) => files[setting])
  return content.map((bytes) => (bytes === undefined ? '' : hash('sha256', bytes, 'hex'))).join(' ')
}

/** In OpenSSL's own words, without its numbers. */
function because(what: string): (error: unknown) => string {
  return (error) => {
    const { reason, message } = error as Error & { reason?: string }
    return `${what} (${reason ?? message})`
  }
}
