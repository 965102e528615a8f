/** Checks that a program ends with 0. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { scrub } from '../../telemetry/scrub.ts'
import type { CheckOutcome, Look } from './check.ts'

/** Characters that are kept of what it prints, the last of each stream. */
const MOST_OUTPUT = 2_048
/** Milliseconds that output may still come after its end: what left the group may hold the streams open. */
const OUTPUT_GRACE_MS = 500

type Child = ChildProcessByStdio<null, Readable, Readable>

/** @param argv the program and its arguments; no shell reads them */
export function commandLook([program = '', ...args]: readonly string[]): Look {
  return (signal) =>
    new Promise<CheckOutcome>((resolve, reject) => {
      // Whoever waits has left while this was being loaded, and would never end what is started now.
      if (signal.aborted) return reject(signal.reason)
      // A process group of its own, so that what it starts can be ended with it.
      const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: environment() })
      child.once('error', reject)
      // Where the process is short of descriptors there are no streams either.
      if (child.pid === undefined) return
      const [stdout, stderr] = [tail(child.stdout), tail(child.stderr)]
      const late = () => kill(child)
      signal.addEventListener('abort', late)
      child.once('exit', (code, by) => {
        signal.removeEventListener('abort', late)
        // What it has left behind would pile up.
        kill(child)
        const done = (): void => {
          clearTimeout(grace)
          child.stdout.destroy()
          child.stderr.destroy()
          if (signal.aborted) reject(signal.reason)
          const message = by === null ? `ended with ${code}` : `ended by ${by}`
          const output = scrub(`${stdout()}\n${stderr()}`.trim())
          resolve({ healthy: code === 0, message, detail: code === 0 ? undefined : output })
        }
        const grace = setTimeout(done, OUTPUT_GRACE_MS)
        child.once('close', done)
      })
    })
}

function tail(stream: Readable): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (more: string) => {
    text = (text + more).slice(-MOST_OUTPUT)
  })
  return () => text
}

function kill({ pid }: Child): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nothing of the group is left.
  }
}

/** The gateway's, without its own variables: its tokens are among them. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SIDELIGHT_')))
}
