/** Pages of metrics that are asked for again and again leave nothing behind, in whichever form. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { gatewayProcess, inFrontOf } from '../support/gateway.ts'
import type { HeaderList } from '../support/http-head.ts'
import { HEAP_PROBE, liveHeap } from '../support/live-heap.ts'
import { rawClient } from '../support/raw-client.ts'
import { rawOrigin } from '../support/raw-origin.ts'

const FORMS: readonly HeaderList[] = [
  [['Accept', 'text/plain']],
  [['Accept', 'application/openmetrics-text']],
  [['Accept', 'application/json']],
  [
    ['Accept', 'text/plain'],
    ['Accept-Encoding', 'gzip'],
  ],
]
/** Of each form. */
const WARM_UP = 150
const TIMES = 250
/** Bytes. About 100 are seen, of what was compiled meanwhile; a stream or a request that is kept is more than 1,000. */
const PER_SCRAPE = 300

test('a thousand scrapes leave no memory behind', { timeout: 120_000 }, async (t) => {
  const origin = await rawOrigin()
  t.after(() => origin.close())
  const g = await gatewayProcess([], {
    env: HEAP_PROBE,
    settings: inFrontOf(`${origin.url}/mcp`, {
      telemetry: { metrics: { views: ['pforge', 'shadowcat', 'metamcp', 'tfo'] } },
    }),
  })
  t.after(() => g.close())
  const client = await rawClient(g.url)
  const scraper = await rawClient(g.adminUrl)
  t.after(() => {
    client.close()
    scraper.close()
  })
  const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo' } })
  for (let i = 0; i < 20; i++) await client.ask({ body: call })

  let size = 0
  const scrape = async (times: number): Promise<number> => {
    for (let i = 0; i < times; i++)
      for (const headers of FORMS) {
        const { status, body } = await scraper.ask({ method: 'GET', target: '/metrics', headers })
        assert.equal(status, 200)
        size = Math.max(size, body.length)
      }
    // What is closed by another thread is freed a little later.
    let least = Number.POSITIVE_INFINITY
    for (let look = 0; look < 4; look++) {
      least = Math.min(least, await liveHeap(g))
      await delay(30)
    }
    return least
  }
  // Code that is compiled meanwhile is live as well.
  const before = await scrape(WARM_UP)
  const grown = Math.round(((await scrape(TIMES)) - before) / (TIMES * FORMS.length))
  t.diagnostic(`${grown} bytes more are live after each page of up to ${size} bytes`)
  assert.ok(size > 20_000, 'pages with something on them')
  assert.ok(grown < PER_SCRAPE, `${grown} bytes are left of each scrape`)
})
