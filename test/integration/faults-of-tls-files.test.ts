/** Files of an upstream's TLS that are gone or become useless: told at a start and a reload, and no matter to traffic. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { stringify } from 'yaml'
import type { ConfigError, ConfigRefusedError } from '../../src/config/errors.ts'
import { loadConfig } from '../../src/config/load.ts'
import { buildGateway } from '../../src/gateway.ts'
import type { ReadConfig } from '../../src/reload/reloader.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { type CertificateAuthority, certificateAuthority, type PemFolder, pemFolder } from '../support/certificates.ts'
import { gateway, inFrontOf, type Settings, type TestGateway } from '../support/gateway.ts'
import { type RawOrigin, rawOrigin } from '../support/raw-origin.ts'
import { HEADERS } from './sessions-stage.ts'

const JUNK = '-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----\n'

describe('files of TLS', { timeout: 60_000 }, () => {
  let authority: CertificateAuthority
  let stranger: CertificateAuthority
  let pem: PemFolder
  let upstream: RawOrigin
  let ca: string
  before(async () => {
    ;[authority, stranger, pem] = await Promise.all([certificateAuthority(), certificateAuthority(), pemFolder()])
    upstream = await rawOrigin({ tls: await authority.issue({ name: 'localhost', ip: ['127.0.0.1'] }) })
    ca = join(pem.path, 'ca.pem')
  })
  after(async () => {
    await upstream.close()
    await pem.remove()
  })

  const settings = (tls: Settings = { ca }, more: Settings = {}): Settings =>
    inFrontOf('', {
      upstreams: { upstream: { url: `${upstream.url}/mcp`, tls, probe: { enabled: false }, keepAlive: 1 } },
      ...more,
    })

  async function start(t: TestContext, read?: (g: TestGateway) => ReadConfig): Promise<TestGateway> {
    await pem.write('ca.pem', authority.cert)
    const g: TestGateway = await gateway(settings(), read === undefined ? {} : { read: () => read(g)() })
    t.after(() => g.close())
    return g
  }

  async function call(g: TestGateway): Promise<number> {
    const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
    const response = await fetch(`${g.url}/mcp`, { method: 'POST', headers: HEADERS, body })
    await response.arrayBuffer()
    return response.status
  }

  async function reload(g: TestGateway, other: Settings): Promise<{ status: number; errors: ConfigError[] }> {
    g.rewrite(other)
    const response = await fetch(`${g.adminUrl}/reload`, { method: 'POST' })
    const { errors = [] } = (await response.json()) as { errors?: ConfigError[] }
    return { status: response.status, errors }
  }

  it('that go, or become others, behind a start are no matter to new connections', async (t) => {
    const g = await start(t)
    await rm(ca)
    assert.equal(await call(g), 200)
    await pem.write('ca.pem', stranger.cert)
    for (let calls = 0; calls < 3; calls++) assert.equal(await call(g), 200)
    assert.equal(await g.metric('mcp_pool_connections_active'), 0)
  })

  it('that are gone or no use refuse a reload, each with its upstream, and the plane in force stays', async (t) => {
    const g = await start(t)
    const more = { limits: { requestBytes: '10B' } }
    const pair = await pem.writePair('client', await authority.issue({ name: 'one', purpose: 'client' }))
    const other = await pem.writePair('other', await authority.issue({ name: 'two', purpose: 'client' }))

    await rm(ca)
    const gone = await reload(g, settings({ ca }, more))
    assert.equal(gone.status, 422)
    assert.deepEqual(
      gone.errors.map(({ path, message }) => [path, message]),
      [['upstreams.upstream.tls.ca', `does not exist: ${ca}`]],
    )

    await pem.write('ca.pem', JUNK)
    const junk = await reload(g, settings({ ca, cert: pair.cert, key: other.key }, more))
    assert.equal(junk.status, 422)
    assert.deepEqual(
      junk.errors.map(({ path }) => path),
      ['upstreams.upstream.tls.ca', 'upstreams.upstream.tls.key'],
    )
    assert.equal(await call(g), 200)

    await pem.write('ca.pem', authority.cert)
    assert.equal((await reload(g, settings({ ca, ...pair }, more))).status, 200)
    assert.equal(await call(g), 413)
  })

  it('that go between their check and their use refuse a reload as well', async (t) => {
    const g = await start(t, ({ file }) => async () => {
      const read = await loadConfig({ argv: ['--config', file], env: {}, cwd: pem.path })
      await rm(ca)
      return read
    })
    const { status, errors } = await reload(g, settings({ ca }, { limits: { requestBytes: '10B' } }))
    assert.equal(status, 422)
    assert.deepEqual(
      errors.map(({ path, message }) => [path, message]),
      [['upstreams.upstream.tls.ca', `does not exist: ${ca}`]],
    )
    assert.equal(await call(g), 200)
  })

  it('that go between their check and their use refuse a start', async () => {
    await pem.write('ca.pem', authority.cert)
    const file = await pem.write('sidelight.yaml', stringify(settings()))
    const read = await loadConfig({ argv: ['--config', file], env: {}, cwd: pem.path })
    assert.ok('config' in read)
    await rm(ca)
    const log = createLog({ level: 'silent', destination: { write: () => {} } })
    const starting = buildGateway(read.config, { log, version: '0.0.0-test' })
    await assert.rejects(starting, ({ errors }: ConfigRefusedError) => {
      assert.deepEqual(
        errors.map(({ path, message }) => [path, message]),
        [['upstreams.upstream.tls.ca', `does not exist: ${ca}`]],
      )
      return true
    })
  })
})
