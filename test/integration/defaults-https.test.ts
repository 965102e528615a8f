/** The real program in front of a remote https server of a private authority: what is told, and what makes it work. */
import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { certificateAuthority, type PemFolder, pemFolder } from '../support/certificates.ts'
import { type GatewayProcess, gatewayProcess } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
})

interface Seen {
  readonly host: string | undefined
  readonly servername: string | false | undefined
}

describe('a remote https server', { timeout: 60_000 }, () => {
  let pem: PemFolder
  let ca: string
  let url: string
  const seen: Seen[] = []
  let close: () => void
  before(async () => {
    const authority = await certificateAuthority('Private')
    pem = await pemFolder()
    ca = await pem.write('ca.crt', authority.cert)
    const server = createServer(await authority.issue({ name: 'localhost' }), (req, res) => {
      const { servername } = req.socket as unknown as { servername: string | false }
      seen.push({ host: req.headers.host, servername })
      req.resume().on('end', () => {
        const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'remote', version: '1' } }
        const id = 'sidelight-probe'
        res.setHeader('content-type', 'application/json').end(JSON.stringify({ jsonrpc: '2.0', id, result }))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `https://localhost:${(server.address() as AddressInfo).port}/mcp`
    close = () => {
      server.close()
      server.closeAllConnections()
    }
  })
  after(async () => {
    close()
    await pem.remove()
  })

  const post = (g: GatewayProcess) => {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    return fetch(`${g.url}/mcp`, { method: 'POST', headers, body: INITIALIZE })
  }

  const readiness = async (g: GatewayProcess) => {
    const answer = await fetch(`${g.adminUrl}/health/ready`)
    return { status: answer.status, text: await answer.text() }
  }

  it('of an authority that nobody knows is refused, and readiness says why', async (t) => {
    const g = await gatewayProcess(['--upstream', url])
    t.after(() => g.close())
    const answer = await post(g)
    const { error } = (await answer.json()) as { error: { data: { type: string } } }
    assert.deepEqual([answer.status, error.data.type], [502, 'upstream_tls'])
    await settles(async () => /UNABLE_TO_|SELF_SIGNED/.test((await readiness(g)).text), { what: 'the reason' })
    assert.equal((await readiness(g)).status, 503)
    assert.equal(seen.length, 0)
  })

  const trusted: readonly (readonly [how: string, start: () => Promise<GatewayProcess>])[] = [
    ['tls.ca', () => gatewayProcess([], { settings: { upstreams: { remote: { url, tls: { ca } } } } })],
    ['NODE_EXTRA_CA_CERTS', () => gatewayProcess(['--upstream', url], { env: { NODE_EXTRA_CA_CERTS: ca } })],
  ]
  for (const [how, start] of trusted) {
    it(`is trusted by ${how}, and asked by its own name in TLS and in HTTP`, async (t) => {
      const g = await start()
      t.after(() => g.close())
      assert.equal((await post(g)).status, 200)
      await settles(async () => (await readiness(g)).status === 200, { what: 'readiness' })
      const { host } = new URL(url)
      assert.deepEqual([...new Set(seen.map((each) => each.host))], [host])
      assert.deepEqual([...new Set(seen.map(({ servername }) => servername))], ['localhost'])
    })
  }
})
