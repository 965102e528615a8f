/** Files of an upstream's TLS: which can be used, and what is said of those that cannot. */
import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { readTlsFiles, TlsFilesError, type UpstreamTls } from '../../src/upstream/tls-files.ts'
import { certificateAuthority, type PemFolder, pemFolder } from '../support/certificates.ts'

/** By setting. */
type Texts = Readonly<Partial<Record<'ca' | 'cert' | 'key', string>>>

const JUNK = '-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----\n'

describe('the TLS files of an upstream', () => {
  let folder: PemFolder
  let authority: string
  let pair: Readonly<Record<'cert' | 'key', string>>
  let other: Readonly<Record<'cert' | 'key', string>>
  before(async () => {
    folder = await pemFolder()
    const made = await certificateAuthority()
    authority = made.cert
    ;[pair, other] = await Promise.all([made.issue({ name: 'one' }), made.issue({ name: 'two' })])
  })
  after(() => folder.remove())

  function write(texts: Texts): UpstreamTls {
    const file = (name: string) => join(folder.path, `${name}.pem`)
    for (const [name, text] of Object.entries(texts)) writeFileSync(file(name), text)
    return Object.fromEntries(Object.keys(texts).map((name) => [name, file(name)]))
  }

  function faultsOf(tls: UpstreamTls): string[] {
    try {
      readTlsFiles(tls)
    } catch (error) {
      assert.ok(error instanceof TlsFilesError, String(error))
      return error.faults.map(({ setting, message }) => `${setting} ${message}`)
    }
    return []
  }

  it('may be none, an authority, a pair, or all three', () => {
    for (const texts of [{}, { ca: authority }, pair, { ca: authority, ...pair }])
      assert.deepEqual(faultsOf(write(texts)), [])
  })

  it('may hold more than what is looked for: text, other blocks, chains, line ends of Windows', () => {
    const windows = (text: string) => text.replaceAll('\n', '\r\n')
    const ca = `The first\n${authority}\n\nThe second\n${windows(authority)}${pair.key}`
    const cert = `A leaf\n${pair.cert}\n${authority}`
    const all = `${pair.cert}\n${pair.key}`
    assert.deepEqual(faultsOf(write({ ca, cert, key: windows(pair.key) })), [])
    assert.deepEqual(faultsOf(write({ cert: all, key: all })), [])
  })

  it('have another fingerprint with another content, and the same with the same', () => {
    const fingerprint = (texts: Texts) => readTlsFiles(write(texts)).fingerprint
    const seen = [{ ca: authority }, { ca: `${authority}\n` }, pair, other, { ca: authority, ...pair }].map(fingerprint)
    assert.equal(new Set(seen).size, seen.length)
    assert.equal(fingerprint(pair), seen[2])
  })

  const bad: readonly (readonly [what: string, texts: () => Texts, fault: RegExp])[] = [
    [
      'an authority that is no PEM',
      () => ({ ca: 'junk' }),
      /^ca holds no certificates .*\(there is none\): \/.*ca\.pem$/,
    ],
    ['a key for an authority', () => ({ ca: pair.key }), /^ca holds no certificates .*\(there is none\): \/.*ca\.pem$/],
    ['an authority that is junk in PEM', () => ({ ca: JUNK }), /^ca holds no certificates .*\(.+\): \/.*ca\.pem$/],
    ['junk behind an authority', () => ({ ca: `${authority}\n${JUNK}` }), /^ca holds no .*\(.+\): \/.*ca\.pem$/],
    ['an authority that is cut off', () => ({ ca: authority.slice(0, 200) }), /^ca holds no .*\(.+\): \/.*ca\.pem$/],
    ['junk for a certificate', () => ({ ...pair, cert: JUNK }), /^cert holds no certificates .*\(.+\): \/.*cert\.pem$/],
    ['junk in a chain', () => ({ ...pair, cert: `${pair.cert}\n${JUNK}` }), /^cert holds no .*\(.+\): \/.*cert\.pem$/],
    [
      'a certificate for a key',
      () => ({ ...pair, key: pair.cert }),
      /^key holds no private key .*\(.+\): \/.*key\.pem$/,
    ],
    [
      'an encrypted key',
      () => ({ ...pair, key: encrypted(pair.key) }),
      /^key holds no private key .*\(.+\): \/.*key\.pem$/,
    ],
    ["another one's key", () => ({ ...pair, key: other.key }), /^key is not the key of the certificate: \/.*key\.pem$/],
    [
      'a key of another kind',
      () => ({ ...pair, key: rsaKey() }),
      /^key is not the key of the certificate: \/.*key\.pem$/,
    ],
  ]
  for (const [what, texts, fault] of bad) {
    it(`must not be ${what}`, () => {
      const faults = faultsOf(write(texts()))
      assert.equal(faults.length, 1)
      assert.match(faults[0] ?? '', fault)
    })
  }

  it('are each named when they are gone, or at fault', () => {
    const tls = write({ ca: JUNK, ...pair })
    rmSync(tls.cert ?? '')
    const faults = faultsOf({ ...tls, key: folder.path })
    assert.deepEqual(
      faults.map((fault) => fault.split('(')[0]?.trim()),
      [
        `cert does not exist: ${tls.cert}`,
        `key is a folder: ${folder.path}`,
        'ca holds no certificates that can be read',
      ],
    )
  })
})

function encrypted(key: string): string {
  return createPrivateKey(key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'secret' })
    .toString()
}

function rsaKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}
