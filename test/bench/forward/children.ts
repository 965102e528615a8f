/** Starts the bench's processes, speaks with them, and makes sure that each of them is gone at the end. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const STRIP =
  'process.stdout.write(require("module").stripTypeScriptTypes(require("fs").readFileSync(process.argv[1], "utf8")))'

export interface Logged {
  readonly child: ChildProcess
  /** All that the process wrote so far. */
  output(): string
  /** Kills the process and forgets its output. */
  stop(): Promise<void>
}

export class Children {
  readonly #running = new Set<ChildProcess>()
  readonly #scratch = mkdtempSync(join(tmpdir(), 'sidelight-bench-'))
  #logs = 0

  /** A TypeScript file of the bench, with a channel for messages. */
  fork(file: string): ChildProcess {
    return this.#track(
      spawn(process.execPath, [fileIn(file)], { env: environment(), stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    )
  }

  /** A file of the bench as plain JavaScript: stripping types at run time would add 17 MB to a process's RSS. */
  forkPlain(file: string, ...args: readonly string[]): ChildProcess {
    const strip = spawnSync(process.execPath, ['--no-warnings', '-e', STRIP, fileIn(file)], { encoding: 'utf8' })
    if (strip.status !== 0) throw new Error(strip.stderr)
    const all = ['--input-type=module', '-e', strip.stdout, ...args]
    return this.#track(
      spawn(process.execPath, all, { env: environment(), stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    )
  }

  /** A program whose output goes to a file, so that reading it costs no CPU beside the measurement. */
  logged(args: readonly string[], env: Readonly<Record<string, string>>): Logged {
    const path = join(this.#scratch, `${this.#logs++}.log`)
    const file = openSync(path, 'a')
    const stdio = ['ignore', file, file] as const
    const child = this.#track(spawn(process.execPath, args, { env: { ...environment(), ...env }, stdio: [...stdio] }))
    closeSync(file)
    const stop = async (): Promise<void> => {
      await this.stop(child)
      rmSync(path, { force: true })
    }
    return { child, output: () => readFileSync(path, 'utf8'), stop }
  }

  async stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  /** For the end of the process: kills without waiting. */
  abandon(): void {
    for (const child of this.#running) child.kill('SIGKILL')
    rmSync(this.#scratch, { recursive: true, force: true })
  }

  #track(child: ChildProcess): ChildProcess {
    this.#running.add(child)
    child.once('exit', () => this.#running.delete(child))
    return child
  }
}

/** The next message of a child; a message that tells of an error, the child's end and silence are errors. */
export function reply<T>(child: ChildProcess, withinMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: T & { error?: string }): void => {
      if (message.error === undefined) settle(() => resolve(message))
      else settle(() => reject(new Error(message.error)))
    }
    const onExit = (): void => settle(() => reject(new Error('a process of the bench ended early')))
    const silent = (): void => settle(() => reject(new Error(`no answer within ${withinMs} ms`)))
    const timer = setTimeout(silent, withinMs)
    const settle = (done: () => void): void => {
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit)
      done()
    }
    child.on('message', onMessage).on('exit', onExit)
  })
}

function fileIn(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/** Shipped defaults are what is measured: settings of this shell must not reach the proxies. */
function environment(): NodeJS.ProcessEnv {
  const ours = /^(SIDELIGHT_|OTEL_|NODE_OPTIONS$|NODE_ENV$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}
