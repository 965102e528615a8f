/** Probes switched off: nothing is sent to the upstream, and readiness does not wait for it. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { gateway } from '../support/gateway.ts'
import { rawOrigin } from '../support/raw-origin.ts'

interface Report {
  readonly status: string
  readonly components: Readonly<Record<string, { readonly status: string; readonly message: string }>>
}

it('an upstream that is not to be probed hears nothing, and counts as ready', async (t) => {
  const quiet = await rawOrigin()
  const probed = await rawOrigin()
  t.after(() => Promise.all([quiet.close(), probed.close()]))
  const g = await gateway({
    upstreams: {
      quiet: { url: `${quiet.url}/mcp`, required: true, probe: { enabled: false, interval: '100ms' } },
      probed: { url: `${probed.url}/mcp`, required: true, probe: { interval: '100ms' } },
    },
    routes: [
      { path: '/quiet', upstream: 'quiet', passthrough: [] },
      { path: '/probed', upstream: 'probed', passthrough: [] },
    ],
  })
  t.after(() => g.close())
  // Each probe asks more than once.
  await probed.request(8)
  assert.equal(quiet.connections.length, 0)
  const answer = await fetch(`${g.adminUrl}/health/ready`)
  const report = (await answer.json()) as Report
  assert.deepEqual([answer.status, report.status], [200, 'healthy'])
  const { status, message } = report.components['upstream:quiet'] ?? assert.fail('no component')
  assert.deepEqual([status, message], ['healthy', 'not probed'])
  const metrics = await (await fetch(`${g.adminUrl}/metrics`)).text()
  assert.match(metrics, /^mcp_upstream_up\{upstream="probed"\} 1$/m)
  assert.doesNotMatch(metrics, /mcp_upstream_(up|probe\w*)\{[^}]*upstream="quiet"/, 'not asked is not down')
})

it('a gateway whose only upstream is not probed and gone is ready', async (t) => {
  const gone = await rawOrigin()
  await gone.close()
  const g = await gateway({ upstreams: { gone: { url: `${gone.url}/mcp`, probe: { enabled: false } } } })
  t.after(() => g.close())
  assert.equal((await fetch(`${g.url}/health/ready`)).status, 200)
  const answer = await fetch(`${g.url}/mcp`, { method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })
  await answer.body?.cancel()
  assert.equal(answer.status, 502)
  assert.equal((await fetch(`${g.url}/health/ready`)).status, 200, 'only a probe could find it alive again')
})
