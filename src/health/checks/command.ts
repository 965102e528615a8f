/** Checks that a program ends with 0. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { scrub } from '../../telemetry/scrub.ts'
import type { CheckOutcome, Look } from './check.ts'

/** Characters of its output that are kept: the last. */
const MOST_OUTPUT = 4_096

/** @param argv the program and its arguments; no shell reads them */
export function commandLook([program = '', ...args]: readonly string[]): Look {
  return (signal) =>
    new Promise<CheckOutcome>((resolve, reject) => {
      // A process group of its own, so that what it starts can be ended with it.
      const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: environment() })
      let output = ''
      const keep = (text: string): void => {
        output = (output + text).slice(-MOST_OUTPUT)
      }
      child.stdout.setEncoding('utf8').on('data', keep)
      child.stderr.setEncoding('utf8').on('data', keep)
      const late = () => end(child)
      signal.addEventListener('abort', late)
      child.once('error', reject)
      child.once('exit', (code, by) => {
        signal.removeEventListener('abort', late)
        end(child)
        if (signal.aborted) return reject(signal.reason)
        const message = by === null ? `ended with ${code}` : `ended by ${by}`
        resolve({ healthy: code === 0, message, detail: code === 0 ? undefined : scrub(output.trim()) })
      })
    })
}

/** With whatever it has left behind: it may hold the pipes open, and would pile up. */
function end({ pid, stdout, stderr }: ChildProcessByStdio<null, Readable, Readable>): void {
  stdout.destroy()
  stderr.destroy()
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
