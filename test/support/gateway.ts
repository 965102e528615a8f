/** Starts a gateway for a test: in this process (`gateway`), or as the real program (`gatewayProcess`). */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { loadConfig } from '../../src/config/load.ts'
import { buildGateway, type Surroundings } from '../../src/gateway.ts'
import { createLog } from '../../src/telemetry/log.ts'

/** A document as in the configuration file; ports default to any free one. */
export type Settings = Readonly<Record<string, unknown>>

/** One access-log or other log line, parsed. */
export type LogLine = Readonly<Record<string, unknown>>

export interface TestGateway {
  /** `http://127.0.0.1:PORT` of the proxy listener. */
  readonly url: string
  readonly adminUrl: string
  /** Every log line so far. */
  readonly log: readonly LogLine[]
  /** The lines of exchanges that ended so far. */
  readonly exchanges: readonly LogLine[]
  /** The configuration file. */
  readonly file: string
  /** Puts other settings into the configuration file. */
  rewrite(settings: Settings): void
  /** The value of one series; 0 where it does not exist. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  drain(): Promise<void>
  close(): Promise<void>
}

function withPorts(settings: Settings): Settings {
  const { listen, admin } = settings as { listen?: object; admin?: object }
  return { ...settings, listen: { port: 0, ...listen }, admin: { port: 0, ...admin } }
}

/** The least that a gateway in front of one upstream needs. */
export function inFrontOf(url: string, more: Settings = {}): Settings {
  return { upstreams: { upstream: { url } }, ...more }
}

/** In this process: throws with every configuration error if the settings are wrong. */
export async function gateway(settings: Settings, surroundings: Partial<Surroundings> = {}): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-'))
  const file = join(folder, 'sidelight.yaml')
  const rewrite = (other: Settings): void => writeFileSync(file, stringify(withPorts(other)))
  rewrite(settings)
  const read = () => loadConfig({ argv: ['--config', file], env: {}, cwd: folder })
  const loaded = await read()
  if ('errors' in loaded) {
    rmSync(folder, { recursive: true })
    throw new Error(JSON.stringify(loaded.errors, null, 2))
  }
  const lines: LogLine[] = []
  const log = createLog({ level: 'debug', destination: { write: (line) => lines.push(JSON.parse(line) as LogLine) } })
  const running = await buildGateway(loaded.config, { log, version: '0.0.0-test', read, file, ...surroundings })
  const { proxy, admin } = await running.start()
  const scheme = loaded.config.listen.tls === undefined ? 'http' : 'https'
  const adminUrl = `http://127.0.0.1:${admin.port}`
  const stop = (how: () => Promise<void>) => async (): Promise<void> => {
    await how()
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    url: `${scheme}://127.0.0.1:${proxy.port}`,
    adminUrl,
    file,
    rewrite,
    log: lines,
    get exchanges() {
      return lines.filter((line) => line.msg === 'exchange')
    },
    metric: (name, labels) => metric(adminUrl, name, labels),
    drain: stop(() => running.drain()),
    close: stop(() => running.close()),
  }
}

/** Reads one series from a /metrics page. */
export async function metric(
  adminUrl: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const page = await (await fetch(`${adminUrl}/metrics`)).text()
  let sum = 0
  for (const line of page.split('\n')) {
    const match = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line)
    if (match?.[1] !== name) continue
    if (Object.entries(labels).every(([key, value]) => match[2]?.includes(`${key}="${value}"`))) sum += Number(match[3])
  }
  return sum
}

export interface GatewayProcess {
  readonly url: string
  readonly adminUrl: string
  readonly pid: number
  readonly child: ChildProcess
  readonly log: readonly LogLine[]
  readonly stderr: string
  /** Puts other settings into the configuration file of a process that began with one. */
  rewrite(settings: Settings): void
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  /** Kills it if it still runs. */
  close(): Promise<void>
}

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** The real program, `node src/main.ts`. Rejects if it ends before it listens; the message holds what it printed. */
export async function gatewayProcess(
  args: readonly string[],
  { settings, env = {} }: { settings?: Settings; env?: Readonly<Record<string, string>> } = {},
): Promise<GatewayProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-'))
  const all = [MAIN, ...args]
  if (settings !== undefined) {
    writeFileSync(join(folder, 'sidelight.yaml'), stringify(withPorts(settings)))
    all.push('--config', join(folder, 'sidelight.yaml'))
  } else all.push('--port', '0', '--admin-port', '0')
  const child = spawn(process.execPath, all, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const log: LogLine[] = []
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      rmSync(folder, { recursive: true, force: true })
      resolve(code ?? signal ?? 'unknown')
    })
  })
  const listening = new Promise<LogLine>((resolve) => {
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const parsed = JSON.parse(line) as LogLine
        log.push(parsed)
        if (parsed.msg === 'listening') resolve(parsed)
      }
    })
  })
  const first = await Promise.race([listening, exited])
  if (typeof first !== 'object') throw new Error(`the gateway ended with ${first}: ${stderr}`)
  return {
    url: String(first.proxy),
    adminUrl: String(first.admin),
    pid: child.pid as number,
    child,
    log,
    get stderr() {
      return stderr
    },
    rewrite: (other) => writeFileSync(join(folder, 'sidelight.yaml'), stringify(withPorts(other))),
    exited,
    metric: (name, labels) => metric(String(first.admin), name, labels),
    close: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}
