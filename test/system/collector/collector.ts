/** Runs an OpenTelemetry collector as deploy/otel-collector/config.yml says, on addresses of this machine that are free. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { onFixedPort } from '../../integration/long-life/fixed-port.ts'
import { goProgram } from '../deploy/go-tools.ts'

const run = promisify(execFile)

export const CONFIG = fileURLToPath(new URL('../../../deploy/otel-collector/config.yml', import.meta.url))
export const SOURCE = fileURLToPath(new URL('otelcol', import.meta.url))

export interface Collector {
  /** Where it takes OTLP. */
  readonly grpc: string
  readonly http: string
  /** The page for Prometheus. */
  readonly metrics: string
  /** All that it wrote so far. */
  readonly said: string
  /** Ends it as a machine does that is switched off. */
  crash(): Promise<void>
  /** Starts it again, on the same addresses. */
  start(): Promise<void>
  close(): Promise<void>
}

/** Resolves if the collector accepts the file; rejects with what it says when it refuses it. */
export async function validated(file: string): Promise<void> {
  await run(await goProgram(SOURCE), ['validate', '--config', file])
}

/** @param jaeger where spans go, by gRPC */
export async function collector(jaeger: string): Promise<Collector> {
  const program = await goProgram(SOURCE)
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-collector-'))
  const file = join(folder, 'addresses.yml')
  let said = ''
  let child: ChildProcess | undefined
  const address = (port: number): string => `127.0.0.1:${port}`
  const crash = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const start = async (): Promise<void> => {
    const running = spawn(program, ['--config', CONFIG, '--config', file], { stdio: ['ignore', 'ignore', 'pipe'] })
    child = running
    const before = said.length
    await new Promise<void>((resolve, reject) => {
      running.once('error', reject)
      running.once('exit', () => reject(new Error(`the collector ended: ${said.slice(before)}`)))
      running.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (said.includes('Everything is ready', before)) resolve()
      })
    })
  }
  const port = await onFixedPort(async (first) => {
    for (const each of [first, first + 1, first + 2]) await isFree(each)
    writeFileSync(file, stringify(addresses(new URL(jaeger).host, [first, first + 1, first + 2].map(address))))
    await start()
    return first
  })
  return {
    grpc: `http://${address(port)}`,
    http: `http://${address(port + 1)}`,
    metrics: `http://${address(port + 2)}/metrics`,
    get said() {
      return said
    },
    crash,
    start,
    async close() {
      await crash()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** What a second configuration file puts in the place of the first one's addresses; pipelines stay as they are. */
function addresses(jaeger: string, [grpc, http, metrics]: readonly string[]) {
  return {
    receivers: { otlp: { protocols: { grpc: { endpoint: grpc }, http: { endpoint: http } } } },
    exporters: { 'otlp_grpc/jaeger': { endpoint: jaeger }, prometheus: { endpoint: metrics } },
    // Its own metrics would be on a port of their own.
    service: { telemetry: { metrics: { level: 'none' } } },
  }
}

/** Rejects, as a server does, where the port is taken. */
async function isFree(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  await new Promise((resolve) => server.close(resolve))
}
