/** TLS of the proxy listener: what it serves, whom it lets in, and how its certificate is renewed under traffic. */
import assert from 'node:assert/strict'
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import {
  type Certificate,
  type CertificateAuthority,
  certificateAuthority,
  type PemFolder,
  pemFolder,
} from '../support/certificates.ts'
import { gateway, inFrontOf, type Settings, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type ClientTls, type RawClient, rawClient, requestBytes } from '../support/raw-client.ts'
import { type Behaviour, type RawOrigin, rawOrigin } from '../support/raw-origin.ts'

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'

/** Begins a stream, and fails. */
const breaks: Behaviour = async (exchange) => {
  await streams(exchange)
  await exchange.pause(30)
  exchange.reset()
}
/** Begins a stream, and leaves it open. */
const streams: Behaviour = async (exchange) => {
  await exchange.openStream()
  await exchange.chunk('data: 1\n\n')
}

/** Files are looked at every two seconds. */
const RELOAD = { within: 15_000, every: 50 }

describe('a listener with TLS', { concurrency: true, timeout: 60_000 }, () => {
  let authority: CertificateAuthority
  let origin: RawOrigin
  before(async () => {
    ;[authority, origin] = await Promise.all([certificateAuthority(), rawOrigin({ named: { breaks, streams } })])
  })
  after(() => origin.close())

  async function folder(t: TestContext): Promise<PemFolder> {
    const pem = await pemFolder()
    t.after(() => pem.remove())
    return pem
  }

  async function front(t: TestContext, tls: Settings): Promise<TestGateway> {
    const g = await gateway(inFrontOf(`${origin.url}/mcp`, { listen: { tls } }))
    t.after(() => g.close())
    return g
  }

  async function client(t: TestContext, g: TestGateway, tls: ClientTls = {}): Promise<RawClient> {
    const made = await rawClient(g.url, { tls: { ca: authority.cert, servername: 'localhost', ...tls } })
    t.after(() => made.close())
    return made
  }

  /** A certificate that every client of these tests believes, told from others by its common name. */
  const certificate = (name: string) => authority.issue({ name, dns: ['localhost'] })
  const served = (g: TestGateway) => commonName(g.url, { ca: authority.cert, servername: 'localhost' })
  const logged = (g: TestGateway, msg: string) => g.log.filter((line) => line.msg === msg).length

  it('serves https, and tells the upstream so', async (t) => {
    const g = await front(t, await (await folder(t)).writePair('tls', await certificate('first')))
    assert.match(g.url, /^https:/)
    const answer = await (await client(t, g)).ask({ body: PING, headers: [['X-Test', 'https']] })
    assert.equal(answer.status, 200)
    const request = origin.requests.find((each) => each.header('x-test') === 'https')
    assert.equal(request?.header('x-forwarded-proto'), 'https')
  })

  it('answers no plain HTTP, and survives it', async (t) => {
    const g = await front(t, await (await folder(t)).writePair('tls', await certificate('first')))
    const plain = await rawClient(g.url.replace('https:', 'http:'))
    await assert.rejects(plain.ask({ body: PING }))
    plain.close()
    assert.equal((await (await client(t, g)).ask({ body: PING })).status, 200)
    await settles(async () => (await g.metric('mcp_connection_errors_total', { error_type: 'tls' })) === 1)
  })

  it('breaks off a response without length, where a reset is out of reach', async (t) => {
    const g = await front(t, await (await folder(t)).writePair('tls', await certificate('first')))
    const old = await client(t, g)
    const answer = await old.ask({ body: PING, version: 'HTTP/1.0', headers: [['X-Behaviour', 'breaks']] })
    assert.equal(answer.framing, 'close')
    assert.equal(answer.body.toString(), 'data: 1\n\n')
    assert.equal((await (await client(t, g)).ask({ body: PING })).status, 200)
    assert.equal(logged(g, 'uncaught error'), 0)
    await settles(() => g.exchanges.some(({ outcome }) => outcome === 'upstream_reset'))
  })

  it('takes renewed files without dropping a connection', async (t) => {
    const pem = await folder(t)
    const g = await front(t, await pem.writePair('tls', await certificate('first')))
    assert.equal(await served(g), 'first')
    const stream = await client(t, g)
    await stream.send(requestBytes({ method: 'GET', headers: [['X-Behaviour', 'streams']] }))
    const { incoming } = await stream.head('GET')
    assert.equal((await incoming.next())?.toString(), 'data: 1\n\n')
    const kept = await client(t, g)
    assert.equal((await kept.ask({ body: PING })).status, 200)

    await pem.writePair('tls', await certificate('second'))
    await settles(async () => (await served(g)) === 'second', RELOAD)
    assert.equal((await kept.ask({ body: PING })).status, 200)
    assert.equal(stream.end, undefined)
  })

  it('takes files that Kubernetes swaps by a symbolic link', async (t) => {
    const { path } = await folder(t)
    await version(path, 1, await certificate('first'))
    const files = { cert: join(path, 'tls.crt'), key: join(path, 'tls.key') }
    for (const file of ['tls.crt', 'tls.key']) await symlink(join('..data', file), join(path, file))
    const g = await front(t, files)
    assert.equal(await served(g), 'first')
    await version(path, 2, await certificate('second'))
    await settles(async () => (await served(g)) === 'second', RELOAD)
  })

  it('keeps the old certificate while the new files do not fit, and says so', async (t) => {
    const pem = await folder(t)
    const g = await front(t, await pem.writePair('tls', await certificate('first')))
    const next = await certificate('second')
    await pem.write('tls.crt', next.cert)
    await settles(() => logged(g, 'certificate not reloaded') > 0, RELOAD)
    assert.equal(await served(g), 'first')
    await pem.write('tls.crt', 'no certificate at all')
    await settles(() => logged(g, 'certificate not reloaded') > 1, RELOAD)
    assert.equal(await served(g), 'first')
    await pem.writePair('tls', next)
    await settles(async () => (await served(g)) === 'second', RELOAD)
    assert.ok(logged(g, 'certificate reloaded') > 0)
  })

  it('with a client authority lets in only whom that has signed', async (t) => {
    const pem = await folder(t)
    const clients = await certificateAuthority('Clients')
    const clientCa = await pem.write('clients.crt', clients.cert)
    const g = await front(t, { ...(await pem.writePair('tls', await certificate('first'))), clientCa })
    const member = await clients.issue({ name: 'agent', purpose: 'client' })
    assert.equal((await (await client(t, g, member)).ask({ body: PING })).status, 200)
    const hits = origin.hits
    const stranger = await authority.issue({ name: 'agent', purpose: 'client' })
    for (const shown of [{}, stranger]) {
      // With TLS 1.3 the client learns of it only after its own handshake is done.
      await assert.rejects(async () => (await client(t, g, shown)).ask({ body: PING, headers: [['X-Refused', '1']] }))
    }
    assert.equal(origin.requests.slice(hits).filter((each) => each.header('x-refused') === '1').length, 0)
    assert.equal((await fetch(`${g.adminUrl}/health`)).status, 200)
  })
})

/** Writes the files as the kubelet does: a folder for each version, and one link that is swapped in one step. */
async function version(path: string, number: number, { cert, key }: Certificate): Promise<void> {
  await mkdir(join(path, `..${number}`))
  await writeFile(join(path, `..${number}`, 'tls.crt'), cert)
  await writeFile(join(path, `..${number}`, 'tls.key'), key)
  await symlink(`..${number}`, join(path, '..data_tmp'))
  await rename(join(path, '..data_tmp'), join(path, '..data'))
}

/** Subject of the certificate that a new connection is shown. */
function commonName(url: string, options: ConnectionOptions): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ...options }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN))
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
