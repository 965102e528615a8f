/** Starts a program that tells on stderr where it listens, as Prometheus and Alertmanager do. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

export const isMissing = (command: string): boolean =>
  spawnSync(command, ['--version'], { stdio: 'ignore' }).error !== undefined

export interface Program {
  readonly url: string
  close(): Promise<void>
}

/** Rejects with what it said, if it ends before. */
export async function program(command: string, args: readonly string[]): Promise<Program> {
  const child = spawn(command, [...args, '--web.listen-address=127.0.0.1:0'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  let said = ''
  const address = await new Promise<string>((resolve, reject) => {
    exited.then(() => reject(new Error(`${command} ended: ${said}`)), reject)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const [, found] = /msg="?Listening on"? address=(\S+)/.exec(said) ?? []
      if (found !== undefined) resolve(found)
    })
  })
  child.stderr.removeAllListeners('data').resume()
  return {
    url: `http://${address}`,
    async close() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
