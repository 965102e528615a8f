/** What docker-compose.yml starts, without containers: an alert fires when the server is killed, and is resolved when it is back. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { everything } from '../../support/everything.ts'
import { gatewayProcess } from '../../support/gateway.ts'
import { settles } from '../../support/measure.ts'
import { sdkClient } from '../../support/sdk-client.ts'
import { isMissing, type Program, program } from './program.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const missing = ['prometheus', 'prometheus-alertmanager'].filter(isMissing)

interface Notification {
  readonly receiver: string
  readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[]
}

interface Pager {
  readonly url: string
  readonly told: readonly Notification[]
  close(): Promise<void>
}

/** Somebody who is told of alerts. */
async function pager(): Promise<Pager> {
  const told: Notification[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request.setEncoding('utf8')) body += piece
    told.push(JSON.parse(body) as Notification)
    response.end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told,
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The shipped configuration, with its pages sent to `url`. */
async function alertmanager(folder: string, url: string): Promise<Program> {
  const shipped = parse(readFileSync(join(ROOT, 'deploy/alertmanager/alertmanager.yml'), 'utf8'))
  Object.assign(shipped.route, { group_wait: '1s', group_interval: '1s' })
  const receiver = shipped.receivers.find(({ name }: { name: string }) => name === 'pager')
  receiver.webhook_configs = [{ url }]
  const file = join(folder, 'alertmanager.yml')
  writeFileSync(file, stringify(shipped))
  const data = `--storage.path=${join(folder, 'alertmanager')}`
  return program('prometheus-alertmanager', [`--config.file=${file}`, data, '--cluster.listen-address='])
}

/** The shipped configuration and rules, quicker, and with the addresses of this test. */
async function prometheus(folder: string, targets: { gateway: string; alertmanager: string }): Promise<Program> {
  const shipped = parse(readFileSync(join(ROOT, 'prometheus.yml'), 'utf8'))
  shipped.global = { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' }
  shipped.alerting.alertmanagers[0].static_configs[0].targets = [new URL(targets.alertmanager).host]
  shipped.scrape_configs = shipped.scrape_configs.filter((job: { job_name: string }) => job.job_name === 'sidelight')
  shipped.scrape_configs[0].static_configs[0].targets = [new URL(targets.gateway).host]
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, stringify(shipped))
  cpSync(join(ROOT, 'deploy/prometheus'), join(folder, 'deploy/prometheus'), { recursive: true })
  for (const rules of globSync(join(folder, 'deploy/prometheus/alerts/*.yml'))) {
    writeFileSync(rules, readFileSync(rules, 'utf8').replaceAll(/for: \d+m/g, 'for: 2s'))
  }
  return program('prometheus', [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'prometheus')}`])
}

async function ask(server: Program, query: string): Promise<readonly { metric: object; value: [number, string] }[]> {
  const url = `${server.url}/api/v1/query?${new URLSearchParams({ query })}`
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  const { data } = (await response.json()) as { data: { result: { metric: object; value: [number, string] }[] } }
  return data.result
}

/** At an address that is known already. Whether it is ready is for the gateway to find out. */
function restarted(url: string): { close(): Promise<void> } {
  const bin = join(ROOT, 'node_modules/.bin/mcp-server-everything')
  const env = { ...process.env, PORT: new URL(url).port }
  const child = spawn(bin, ['streamableHttp'], { env, stdio: 'ignore' })
  const gone = once(child, 'exit')
  return {
    async close() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** Closes what was opened, the last first: what is in front of something goes before it. */
function openedIn(t: TestContext): <T extends { close(): Promise<void> }>(opened: T) => T {
  const all: { close(): Promise<void> }[] = []
  t.after(async () => {
    for (const opened of all.reverse()) await opened.close().catch((error: unknown) => console.error(error))
  })
  return (opened) => {
    all.push(opened)
    return opened
  }
}

test('an alert fires when the server is killed and is resolved when it is back', { timeout: 180_000 }, async (t) => {
  if (missing.length > 0) {
    console.log(`NOT RUN: the stack, which needs ${missing.join(' and ')}`)
    assert.equal(process.env.CI, undefined, `${missing.join(' and ')} must be installed where CI is set`)
    t.skip(`${missing.join(' and ')} missing`)
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-stack-'))
  const open = openedIn(t)
  open({ close: async () => rmSync(folder, { recursive: true, force: true }) })
  const server = open(await everything('streamableHttp'))
  const gateway = open(
    await gatewayProcess([], {
      settings: {
        upstreams: { everything: { url: `${server.url}/mcp`, probe: { interval: '500ms', timeout: '5s' } } },
      },
    }),
  )
  const { url, told } = open(await pager())
  const alerts = open(await alertmanager(folder, url))
  const metrics = open(await prometheus(folder, { gateway: gateway.adminUrl, alertmanager: alerts.url }))

  // A scrape, and what rules make of it
  const client = await sdkClient(`${gateway.url}/mcp`)
  // Its session ends with the server that is killed.
  open({ close: () => client.client.close() })
  const within = { within: 30_000, every: 100 }
  await settles(
    async () => {
      await client.call('echo', { message: 'hello' })
      const recorded = await ask(
        metrics,
        'sidelight:tool_calls:rate5m{gen_ai_tool_name="echo", upstream="everything"} > 0',
      )
      return recorded.length === 1
    },
    { ...within, what: 'the recorded rate of calls' },
  )
  assert.deepEqual(
    (await ask(metrics, 'up{job="sidelight"}')).map(({ value }) => value[1]),
    ['1'],
  )
  assert.deepEqual(await ask(metrics, 'ALERTS{upstream="everything"}'), [], 'nothing is wrong yet')

  const states = (): string[] =>
    told
      .filter(({ receiver }) => receiver === 'pager')
      .flatMap(({ alerts: each }) => each)
      .filter(({ labels }) => labels.alertname === 'SidelightUpstreamDown' && labels.upstream === 'everything')
      .map(({ status }) => status)
  await server.close()
  await settles(() => states().includes('firing'), { ...within, what: 'the page' })
  assert.ok(!states().includes('resolved'))

  open(restarted(server.url))
  await settles(() => states().includes('resolved'), { ...within, what: 'the resolution' })
  assert.deepEqual(await ask(metrics, 'ALERTS{alertname="SidelightUpstreamDown"}'), [])
})
