/** What is compared: each variant starts one proxy process in front of the origin and says where it listens. */
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Children, type Logged, reply } from './children.ts'

export interface Running {
  readonly port: number
  /** Undefined where there is no proxy process to measure. */
  readonly pid: number | undefined
  stop(): Promise<void>
}

export interface Variant {
  readonly name: string
  start(children: Children, originPort: number): Promise<Running>
}

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))
export const START_LIMIT_MS = 10_000

export function requireBuild(): void {
  if (existsSync(MAIN)) return
  throw new Error('dist/main.js is missing: run `npm run build` first, or leave sidelight out with --variants')
}

const direct: Variant = {
  name: 'direct',
  start: async (_, originPort) => ({ port: originPort, pid: undefined, stop: async () => {} }),
}

function plain(name: string, file: string): Variant {
  return {
    name,
    start: async (children, originPort) => {
      const child = children.forkPlain(file, `http://127.0.0.1:${originPort}`)
      const { port } = await reply<{ port: number }>(child, START_LIMIT_MS)
      return { port, pid: pidOf(child), stop: () => children.stop(child) }
    },
  }
}

/** Sidelight as it ships, or with some settings changed: add a line to VARIANTS with its environment. */
function sidelight(name: string, env: Readonly<Record<string, string>> = {}): Variant {
  return {
    name,
    start: async (children, originPort) => {
      const logged = startSidelight(children, originPort, 0, env)
      return { port: await proxyPort(logged), pid: pidOf(logged.child), stop: logged.stop }
    },
  }
}

export function startSidelight(
  children: Children,
  originPort: number,
  port: number,
  env: Readonly<Record<string, string>> = {},
): Logged {
  const upstream = `http://127.0.0.1:${originPort}/mcp`
  return children.logged([MAIN, '--upstream', upstream, '--port', String(port), '--admin-port', '0'], env)
}

async function proxyPort({ child, output }: Logged): Promise<number> {
  const limit = performance.now() + START_LIMIT_MS
  while (performance.now() < limit && child.exitCode === null) {
    const line = output()
      .split('\n')
      .find((text) => text.includes('"msg":"listening"') && text.endsWith('}'))
    if (line !== undefined) return Number(new URL((JSON.parse(line) as { proxy: string }).proxy).port)
    await pause(10)
  }
  throw new Error(`sidelight did not say where it listens:\n${output()}`)
}

export function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('a process of the bench did not start')
  return pid
}

/** The ratios of the table are to this one. */
export const FLOOR = 'floor'

export const SIDELIGHT = 'sidelight'

export const VARIANTS: readonly Variant[] = [
  direct,
  plain(FLOOR, 'floor.ts'),
  sidelight(SIDELIGHT),
  plain('http-proxy', 'http-proxy.ts'),
]
