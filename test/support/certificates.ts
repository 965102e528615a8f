/** Makes certificate authorities and certificates at test time, in memory and as PEM files in a folder of their own. */
import type { webcrypto } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// The library refuses to load without it, so it has to stand before the library.
import './metadata-reflection.ts'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY = 86_400_000
const PURPOSES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' }

export interface CertificateOptions {
  /** Subject common name; also a DNS name of a server certificate that is given no other. */
  readonly name: string
  /** `server` (default) or `client` authentication. */
  readonly purpose?: keyof typeof PURPOSES
  readonly dns?: readonly string[]
  readonly ip?: readonly string[]
  /** Default: yesterday to tomorrow. An expired certificate has both in the past. */
  readonly notBefore?: Date
  readonly notAfter?: Date
}

/** PEM texts, as Node's TLS options take them. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface CertificateAuthority {
  /** PEM of the authority's own certificate: what a peer has to trust. */
  readonly cert: string
  issue(options: CertificateOptions): Promise<Certificate>
}

/** A fresh authority. Two of them know nothing of each other: that is the wrong CA. */
export async function certificateAuthority(name = 'Test Authority'): Promise<CertificateAuthority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const root = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + DAY),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  const issue = async (options: CertificateOptions): Promise<Certificate> => {
    const subject = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
    const certificate = await X509CertificateGenerator.create({
      subject: `CN=${options.name}`,
      issuer: root.subject,
      publicKey: subject.publicKey,
      signingKey: keys.privateKey,
      notBefore: options.notBefore ?? new Date(Date.now() - DAY),
      notAfter: options.notAfter ?? new Date(Date.now() + DAY),
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([PURPOSES[options.purpose ?? 'server']]),
        new SubjectAlternativeNameExtension(alternativeNames(options)),
      ],
    })
    return { cert: certificate.toString('pem'), key: await privateKeyPem(subject.privateKey) }
  }
  return { cert: root.toString('pem'), issue }
}

/** A certificate of no authority, signed with its own key. */
export async function selfSigned(options: CertificateOptions): Promise<Certificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${options.name}`,
    keys,
    notBefore: options.notBefore ?? new Date(Date.now() - DAY),
    notAfter: options.notAfter ?? new Date(Date.now() + DAY),
    extensions: [new SubjectAlternativeNameExtension(alternativeNames(options))],
  })
  return { cert: certificate.toString('pem'), key: await privateKeyPem(keys.privateKey) }
}

function alternativeNames(options: CertificateOptions): Array<{ type: 'dns' | 'ip'; value: string }> {
  const { dns = [], ip = [] } = options
  const names = dns.length + ip.length === 0 ? [options.name] : dns
  return [
    ...names.map((value) => ({ type: 'dns' as const, value })),
    ...ip.map((value) => ({ type: 'ip' as const, value })),
  ]
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), PemConverter.PrivateKeyTag)
}

export interface PemFolder {
  readonly path: string
  /** Writes one PEM text, replacing a file of that name, and returns its path. */
  write(name: string, pem: string): Promise<string>
  /** Writes `<name>.crt` and `<name>.key`. */
  writePair(name: string, pair: Certificate): Promise<{ readonly cert: string; readonly key: string }>
  remove(): Promise<void>
}

/** A temporary folder for PEM files; `remove` it when the test ends. */
export async function pemFolder(): Promise<PemFolder> {
  const path = await mkdtemp(join(tmpdir(), 'sidelight-pem-'))
  const write = async (name: string, pem: string) => {
    const file = join(path, name)
    await writeFile(file, pem, { mode: 0o600 })
    return file
  }
  return {
    path,
    write,
    writePair: async (name, pair) => ({
      cert: await write(`${name}.crt`, pair.cert),
      key: await write(`${name}.key`, pair.key),
    }),
    remove: () => rm(path, { recursive: true, force: true }),
  }
}
