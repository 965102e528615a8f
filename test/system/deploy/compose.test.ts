/** docker-compose.yml is one that compose's own loader accepts, and what it names is there. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CONFIG_DEFAULTS } from './defaults.ts'
import { goInstall, goMissing } from './go-tools.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const COMPOSE = ['github.com/compose-spec/compose-go/v2/cmd', 'v2.16.2'] as const

interface Service {
  readonly image?: string
  readonly build?: { readonly context: string; readonly dockerfile?: string; readonly dockerfile_inline?: string }
  readonly command?: readonly string[] | null
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly { readonly host_ip?: string; readonly published: string }[]
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[]
  readonly profiles?: readonly string[]
  readonly stop_grace_period?: string
  readonly mem_limit?: string
}

/** What compose makes of the file. Rejects with what it says when it refuses it. */
async function loaded(file: string, env: NodeJS.ProcessEnv = {}): Promise<Readonly<Record<string, Service>>> {
  const args = ['--format', 'json', file]
  const { stdout } = await run(await goInstall(...COMPOSE), args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...env },
  })
  return (JSON.parse(stdout) as { services: Record<string, Service> }).services
}

describe('docker-compose.yml', { skip: goMissing, timeout: 600_000 }, () => {
  const file = join(ROOT, 'docker-compose.yml')
  const everything = () => loaded(file)

  it('is accepted, and starts a collector only if asked', async () => {
    const services = Object.entries(await everything())
    const always = services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name)
    assert.deepEqual(always.sort(), ['alertmanager', 'everything', 'grafana', 'jaeger', 'prometheus', 'sidelight'])
    const others = services.filter(([, { profiles }]) => profiles !== undefined)
    assert.deepEqual(
      others.map(([name, { profiles }]) => [name, profiles]),
      [['otel-collector', ['collector']]],
    )
  })

  it('would be refused with a key that compose does not know', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sidelight-compose-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const wrong = join(folder, 'docker-compose.yml')
    writeFileSync(wrong, readFileSync(file, 'utf8').replace('stop_grace_period', 'stop_grace'))
    await assert.rejects(loaded(wrong), /stop_grace/)
  })

  it('mounts and builds from what is there, and puts it where it is looked for', async () => {
    for (const [name, { volumes = [], build, command }] of Object.entries(await everything())) {
      const mounts = volumes.filter(({ type }) => type === 'bind')
      for (const { source } of mounts) assert.ok(statSync(source), `${name}: ${relative(ROOT, source)}`)
      if (build?.dockerfile !== undefined) assert.ok(statSync(join(build.context, build.dockerfile)).isFile())
      const config = command?.find((each) => /^--config(\.file)?=/.test(each))?.replace(/^[^=]*=/, '')
      if (config !== undefined)
        assert.ok(
          mounts.some(({ target }) => target === config),
          `${name} reads ${config}`,
        )
    }
  })

  it('takes images of one version each', async () => {
    for (const [name, { image, build }] of Object.entries(await everything())) {
      if (build === undefined) assert.match(image ?? '', /:v?\d+\.\d+\.\d+$/, name)
      else if (build.dockerfile_inline !== undefined) assert.match(build.dockerfile_inline, /@\d{4}\.\d+\.\d+\n/)
    }
  })

  it('opens ports on this machine alone, each once, and those that its first lines name', async () => {
    const ports = Object.values(await everything()).flatMap((service) => service.ports ?? [])
    for (const { host_ip } of ports) assert.equal(host_ip, '127.0.0.1')
    const published = ports.map((port) => port.published)
    const [head = ''] = readFileSync(file, 'utf8').split('\nname:')
    const told = new Set([...head.matchAll(/http:\/\/localhost:(\d+)/g)].map(([, port]) => port))
    assert.deepEqual(published.sort(), [...told].sort())
  })

  it('stops the gateway later than its drain ends, with the memory that the alert knows', async () => {
    const { sidelight } = await everything()
    const seconds = (text = ''): number => Number(/^(\d+)s$/.exec(text)?.[1])
    assert.ok(seconds(sidelight?.stop_grace_period) >= CONFIG_DEFAULTS.drainSeconds + 10)
    const bytes = Number(/^(\d+)m$/.exec(sidelight?.mem_limit ?? '')?.[1]) * 1024 ** 2
    const alerts = readFileSync(join(ROOT, 'deploy/prometheus/alerts/gateway.yml'), 'utf8')
    assert.match(alerts, new RegExp(`record: sidelight:memory_limit:bytes\\s+expr: vector\\(${bytes}\\)`))
  })

  it('sends spans to where something takes them', async () => {
    const services = await everything()
    const { sidelight } = await loaded(file, { OTLP: 'http://otel-collector:4317' })
    for (const each of [services.sidelight, sidelight]) {
      const { hostname, port } = new URL(each?.environment?.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? '')
      assert.ok(hostname in services, hostname)
      assert.equal(port, '4317')
    }
  })
})
