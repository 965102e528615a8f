/** An upstream that is the gateway itself is told at start, and one that only looks like it is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leadsBack } from '../../src/config/loops.ts'
import { loaded, refused } from './load-with.ts'

const back: readonly (readonly [host: string, port: number, url: string])[] = [
  ['127.0.0.1', 8080, 'http://127.0.0.1:8080/mcp'],
  ['127.0.0.1', 8080, 'http://localhost:8080/other'],
  ['localhost', 8080, 'http://[::1]:8080/mcp'],
  ['::1', 8080, 'http://LOCALHOST:8080/mcp'],
  ['127.0.0.1', 80, 'http://127.0.0.1/mcp'],
  ['127.0.0.1', 443, 'https://localhost/mcp'],
  ['127.0.0.1', 8080, 'http://0.0.0.0:8080/mcp'],
  ['0.0.0.0', 8080, 'http://127.0.0.1:8080/mcp'],
  ['0.0.0.0', 8080, 'http://127.7.7.7:8080/mcp'],
  ['::', 8080, 'http://[::1]:8080/mcp'],
  ['10.1.2.3', 8080, 'http://10.1.2.3:8080/mcp'],
  ['gateway.internal', 8080, 'http://gateway.internal:8080/mcp'],
]

const elsewhere: readonly (readonly [host: string, port: number, url: string])[] = [
  ['127.0.0.1', 8080, 'http://127.0.0.1:3001/mcp'],
  ['127.0.0.1', 8080, 'http://127.0.0.1/mcp'],
  ['127.0.0.1', 0, 'http://127.0.0.1:8080/mcp'],
  ['127.0.0.1', 8080, 'http://127.0.0.2:8080/mcp'],
  ['127.0.0.2', 8080, 'http://127.0.0.1:8080/mcp'],
  ['10.1.2.3', 8080, 'http://127.0.0.1:8080/mcp'],
  ['0.0.0.0', 8080, 'http://10.1.2.3:8080/mcp'],
  ['0.0.0.0', 8080, 'http://files.internal:8080/mcp'],
]

test('an address leads back if it reaches the listener', () => {
  for (const [host, port, url] of back) assert.equal(leadsBack(url, { host, port }), true, `${host}:${port} ${url}`)
  for (const [host, port, url] of elsewhere)
    assert.equal(leadsBack(url, { host, port }), false, `${host}:${port} ${url}`)
})

test('it is told by the place or the flag that names it', async () => {
  const what = 'is where the gateway itself listens (127.0.0.1:8080)'
  const hint = 'name the server that it is to stand in front of, or give the gateway another port'
  const byFlag = await refused({ argv: ['--upstream', 'http://localhost:8080/mcp'] })
  assert.deepEqual(byFlag, [`--upstream: ${what} (${hint})`])
  const yaml =
    'upstreams: { a: { url: http://a/a }, b: { url: http://127.0.0.1:8080/b } }\nroutes: [{ path: /a, upstream: a }, { path: /b, upstream: b }]'
  assert.deepEqual(await refused({ yaml }), [`upstreams.b.url: ${what} (${hint})`])
  await loaded({ argv: ['--upstream', 'http://localhost:8080/mcp', '--port', '8081'] })
})
