/** Proves that the certificates convince, or fail to convince, a real TLS handshake in the way they were made to. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { type Certificate, certificateAuthority, pemFolder, selfSigned } from './certificates.ts'
import { type ClientTls, rawClient } from './raw-client.ts'
import { rawOrigin } from './raw-origin.ts'

async function handshake(t: TestContext, pair: Certificate, tls: ClientTls): Promise<string> {
  const origin = await rawOrigin({ tls: pair })
  t.after(() => origin.close())
  try {
    const client = await rawClient(origin.url, { tls })
    const { status } = await client.ask({ body: '{}' })
    client.close()
    return String(status)
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}

test('a certificate of a trusted authority is accepted by DNS name and by address', async (t) => {
  const { cert: ca, issue } = await certificateAuthority()
  const pair = await issue({ name: 'any', dns: ['mcp.test', '*.wild.test'], ip: ['127.0.0.1', '::1'] })
  assert.equal(await handshake(t, pair, { ca, servername: 'mcp.test' }), '200')
  assert.equal(await handshake(t, pair, { ca, servername: 'a.wild.test' }), '200')
  assert.equal(await handshake(t, pair, { ca }), '200')
  assert.match(new X509Certificate(pair.cert).subjectAltName ?? '', /IP Address:0:0:0:0:0:0:0:1/)
})

test('a wrong name, a wrong authority, no authority and a past date are each refused for that reason', async (t) => {
  const { cert: ca, issue } = await certificateAuthority()
  const other = await certificateAuthority('Other Authority')
  const name = 'mcp.test'
  const past = { notBefore: new Date('2020-01-01'), notAfter: new Date('2020-02-01') }
  const future = { notBefore: new Date(Date.now() + 3_600_000) }
  const tls = { ca, servername: name }
  assert.equal(await handshake(t, await issue({ name: 'other.test' }), tls), 'ERR_TLS_CERT_ALTNAME_INVALID')
  assert.equal(await handshake(t, await other.issue({ name }), tls), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  assert.equal(await handshake(t, await selfSigned({ name }), tls), 'DEPTH_ZERO_SELF_SIGNED_CERT')
  assert.equal(await handshake(t, await issue({ name, ...past }), tls), 'CERT_HAS_EXPIRED')
  assert.equal(await handshake(t, await issue({ name, ...future }), tls), 'CERT_NOT_YET_VALID')
  assert.equal(await handshake(t, await issue({ name, purpose: 'client' }), tls), 'INVALID_PURPOSE')
  assert.equal(
    await handshake(t, await selfSigned({ name }), { ca: (await selfSigned({ name })).cert, servername: name }),
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  )
})

test('files hold the same PEM, unreadable for others, and go with their folder', async () => {
  const { issue } = await certificateAuthority()
  const pair = await issue({ name: 'mcp.test' })
  const folder = await pemFolder()
  const files = await folder.writePair('server', pair)
  assert.deepEqual({ cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') }, pair)
  assert.equal((await stat(files.key)).mode & 0o077, 0)
  await folder.remove()
  await assert.rejects(stat(folder.path), { code: 'ENOENT' })
})
