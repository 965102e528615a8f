/** Starts the public reference server `server-everything` as a process of its own, and runs the inspector's CLI. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { settles } from './measure.ts'

const BIN = fileURLToPath(new URL('../../node_modules/.bin/', import.meta.url))

export interface Everything {
  /** Without a path. */
  readonly url: string
  close(): Promise<void>
}

export async function everything(mode: 'streamableHttp' | 'sse'): Promise<Everything> {
  const port = await freePort()
  const env = { ...process.env, PORT: String(port) }
  const child = spawn(`${BIN}mcp-server-everything`, [mode], { env, stdio: 'ignore' })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = `http://127.0.0.1:${port}`
  await settles(() => fetch(url).then(({ body }) => body?.cancel().then(() => true)), { within: 15_000, every: 50 })
  return {
    url,
    async close() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

export interface Finished {
  readonly code: number | null
  readonly stdout: string
}

/** Calls one method with the inspector's CLI. */
export function inspect(url: string, method: string, args: readonly string[] = []): Promise<Finished> {
  const all = ['--cli', url, '--transport', 'http', '--method', method, ...args]
  const child = spawn(`${BIN}mcp-inspector`, all, { stdio: ['ignore', 'pipe', 'ignore'] })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout })))
}

/** For a server that cannot tell which port it took. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
