/** What the gateway begins beside exchanges is counted, and shown to those who know it by another name. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { type GatewayProcess, gatewayProcess, metric } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { rawOrigin } from '../support/raw-origin.ts'
import { receiver } from '../telemetry/tracing/receiver.ts'

const TASKS = ['check', 'log_write', 'metrics_export', 'notification', 'probe', 'profile', 'reload', 'traces_export']

test('each kind of background task is counted', { timeout: 60_000 }, async (t) => {
  const origin = await rawOrigin()
  const collector = await receiver('http/protobuf')
  const hook = createServer((req, res) => void req.resume().on('end', () => res.end())).listen(0, '127.0.0.1')
  const address = () => hook.address() as { port: number }
  await new Promise((resolve) => hook.once('listening', resolve))
  const otlp = { endpoint: collector.url, protocol: 'http/protobuf' }
  const settings = {
    upstreams: { upstream: { url: `${origin.url}/mcp`, probe: { interval: '100ms', traffic: false } } },
    telemetry: {
      metrics: { exporters: ['prometheus', 'otlp'], otlp, interval: '200ms', timeout: '100ms' },
      traces: { exporters: ['otlp'], otlp, delay: '20ms' },
    },
    health: { checks: [{ name: 'hook', kind: 'tcp', host: '127.0.0.1', port: address().port, interval: '100ms' }] },
    alerts: {
      webhook: { urls: [`http://127.0.0.1:${address().port}/`] },
      rules: [{ name: 'any', errors: { count: 1 } }],
    },
  }
  let g: GatewayProcess | undefined
  t.after(async () => {
    await g?.close()
    hook.close()
    hook.closeAllConnections()
    await Promise.all([collector.close(), origin.close()])
  })
  g = await gatewayProcess([], { settings })
  const { url, adminUrl } = g
  // The series are there from the start, because a rate needs the zero before the first event.
  const page = await (await fetch(`${adminUrl}/metrics`)).text()
  const shown = [...page.matchAll(/^sidelight_tasks_spawned_total\{task="(\w+)"\}/gm)].map(([, task]) => task)
  assert.deepEqual(shown.sort(), TASKS)
  const spawned = (task: string) => metric(adminUrl, 'sidelight_tasks_spawned_total', { task })
  assert.deepEqual([await spawned('profile'), await spawned('reload')], [0, 0])

  const profile = await fetch(`${adminUrl}/debug/pprof/profile?seconds=1`)
  assert.equal(profile.status, 200, await profile.text())
  assert.equal((await fetch(`${adminUrl}/reload`, { method: 'POST' })).status, 200)
  await fetch(`${url}/mcp`, { method: 'POST', body: 'no json' }).then((response) => response.text())
  for (const task of TASKS) await settles(async () => (await spawned(task)) > 0)
  assert.deepEqual([await spawned('profile'), await spawned('reload')], [1, 1])

  const view = await (await fetch(`${adminUrl}/metrics?view=shadowcat`)).text()
  assert.ok(Number(/^mcp_task_spawns_total (\d+)$/m.exec(view)?.[1]) >= TASKS.length, view)
})
