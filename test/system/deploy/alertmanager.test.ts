/** A real Alertmanager takes the gateway's own alerts: it pages for one that fires, and again when it is resolved. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { startDemoUpstream } from '../../../src/demo/upstream.ts'
import { gateway } from '../../support/gateway.ts'
import { settles } from '../../support/measure.ts'
import { sdkClient } from '../../support/sdk-client.ts'
import { isMissing, program } from './program.ts'

interface Page {
  readonly alerts: readonly {
    readonly status: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
    readonly generatorURL: string
  }[]
}

const COMMAND = 'prometheus-alertmanager'

test('Alertmanager is told of an alert and of its end', { timeout: 120_000 }, async (t) => {
  if (isMissing(COMMAND)) {
    console.log(`NOT RUN: ${COMMAND} is not installed`)
    assert.equal(process.env.CI, undefined, `${COMMAND} must be installed where CI is set`)
    t.skip(`${COMMAND} is not installed`)
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-alertmanager-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const pages: Page[] = []
  const pager = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += piece
    pages.push(JSON.parse(body) as Page)
    response.end()
  })
  await once(pager.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    pager.closeAllConnections()
    pager.close()
  })
  const file = join(folder, 'alertmanager.yml')
  const url = `http://127.0.0.1:${(pager.address() as AddressInfo).port}`
  const route = { receiver: 'pager', group_by: ['alertname'], group_wait: '100ms', group_interval: '500ms' }
  writeFileSync(file, stringify({ route, receivers: [{ name: 'pager', webhook_configs: [{ url }] }] }))
  const data = `--storage.path=${join(folder, 'data')}`
  const alertmanager = await program(COMMAND, [`--config.file=${file}`, data, '--cluster.listen-address='])
  t.after(() => alertmanager.close())

  const demo = await startDemoUpstream()
  t.after(() => demo.close())
  const g = await gateway({
    upstreams: { demo: { url: demo.url } },
    alerts: {
      rules: [{ name: 'Failing', severity: 'warning', errors: { count: 3, window: '2s' } }],
      labels: { team: 'search' },
      link: 'https://gateway.example.com/admin/',
      webhook: { urls: [`${alertmanager.url}/api/v2/alerts`], format: 'alertmanager' },
    },
  })
  t.after(() => g.close())
  const client = await sdkClient(`${g.url}/mcp`)
  t.after(() => client.end().catch(() => {}))
  const paged = (status: string) => pages.flatMap(({ alerts }) => alerts).filter((alert) => alert.status === status)

  let going = true
  const calling = (async () => {
    while (going) await client.call('error_test')
  })()
  await settles(() => paged('firing').length > 0, { within: 30_000, what: 'the page' })
  const [alert] = paged('firing')
  const { instance, ...labels } = alert?.labels ?? {}
  assert.deepEqual(labels, {
    alertname: 'Failing',
    severity: 'warning',
    upstream: 'demo',
    job: 'sidelight',
    team: 'search',
  })
  assert.notEqual(instance, '')
  assert.match(alert?.annotations.summary ?? '', /^demo: \d+ errors in 2 s$/)
  assert.equal(alert?.generatorURL, 'https://gateway.example.com/admin/errors?upstream=demo')
  assert.deepEqual(paged('resolved'), [])

  going = false
  await calling
  await settles(() => paged('resolved').length > 0, { within: 30_000, what: 'the resolution' })
  const known = (await (await fetch(`${alertmanager.url}/api/v2/alerts?active=true`)).json()) as unknown[]
  assert.deepEqual(known, [])
  assert.equal(await g.metric('sidelight_alerts_notifications_total', { result: 'failed' }), 0)
})
