/** Passthrough while http-proxy loads: who left by then is not sent on, and takes nothing. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Chain } from '../../src/exchange/chain.ts'
import { Exchange } from '../../src/exchange/exchange.ts'
import { Passthrough } from '../../src/listener/passthrough.ts'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { chainMeter, endpointMeter } from '../../src/telemetry/meters.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'
import { Connectors } from '../../src/upstream/connector.ts'
import { Endpoint } from '../../src/upstream/endpoint.ts'
import { StreamForward } from '../../src/upstream/stream-forward.ts'
import { settles } from '../support/measure.ts'
import { rawOrigin } from '../support/raw-origin.ts'

test('an exchange that ends while http-proxy loads takes no permit and sends nothing', async (t) => {
  const origin = await rawOrigin()
  t.after(() => origin.close())
  const instruments = new Instruments(new SeriesStore())
  const endpoint = new Endpoint({
    connectors: new Connectors(new URL(`${origin.url}/mcp`), {}),
    limits: { calls: 2, streams: 1, queue: 0, queueTimeout: 100 },
    keepAlive: 1_000,
    headBytes: 16_384,
    meter: endpointMeter(instruments, 'upstream'),
  })
  t.after(() => endpoint.pool.destroy())
  const chain = new Chain([], chainMeter(instruments), () => {})
  const target = {
    endpoint,
    deadlines: { connect: 1_000, responseHead: 1_000, bodyIdle: 0 },
    host: endpoint.host,
    trusts: () => false,
    path: undefined,
  }
  const passthrough = new Passthrough()
  const forwards: StreamForward[] = []
  const server = createServer((req, res) => {
    const x = new Exchange({ path: '/*', upstream: 'upstream', mcp: false }, req, '127.0.0.1', false, performance.now())
    const sink = {
      head: () => {},
      flush: () => {},
      data: () => true,
      end: () => void res.end(),
      fail: () => void res.end(),
    }
    const forward = new StreamForward(x, sink, chain, target, req)
    forwards.push(forward)
    passthrough.serve(forward, endpoint.url.origin, req, res)
    if (req.url === '/left') {
      forward.abort()
      req.socket.destroy()
    }
  })
  t.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await Promise.allSettled([fetch(`${url}/left`), fetch(`${url}/stayed`)])
  await settles(() => forwards.every(({ over }) => over))
  assert.deepEqual(
    origin.requests.map((request) => request.target),
    ['/stayed'],
  )
  assert.equal(endpoint.permits.calls, 0)
})
