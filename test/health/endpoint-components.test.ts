/** Whether an endpoint has room, as a health component. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { EndpointComponents, type WatchedEndpoint } from '../../src/health/endpoint-components.ts'

it('an endpoint is degraded for a minute after its limits refused something', () => {
  let refused = 5
  const permits = { calls: 3, streams: 1, pending: 0 }
  const limits = { calls: 4, streams: 10, queue: 1, queueTimeout: 1 }
  const all: WatchedEndpoint[] = [{ name: 'a', settings: { limits }, endpoint: { permits } }]
  const watch = new EndpointComponents(
    () => all,
    () => refused,
  )
  const now = () => {
    watch.measure()
    const [component] = watch.components()
    const { status, message } = component?.report() ?? assert.fail('no component')
    return [component?.name, status, message]
  }
  assert.deepEqual(now(), ['endpoint:a', 'healthy', '3 of 4 calls, 1 of 10 streams'])
  refused = 7
  permits.pending = 1
  assert.deepEqual(now(), [
    'endpoint:a',
    'degraded',
    '2 refused in the last minute; 3 of 4 calls, 1 of 10 streams, 1 waiting',
  ])
  for (let second = 0; second < 58; second++) now()
  assert.equal(now()[1], 'healthy')
  // Removed and there again between two looks, it counts from zero.
  refused = 0
  assert.equal(now()[1], 'healthy')
  refused = 1
  assert.match(String(now()[2]), /^1 refused/)
  all.length = 0
  watch.measure()
  assert.deepEqual(watch.components(), [])
})
