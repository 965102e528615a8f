/** Runs the nginx of the system in front of a gateway, as one process in a folder of its own. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { settles } from './measure.ts'

export const nginxIsMissing = spawnSync('nginx', ['-v'], { stdio: 'ignore' }).error !== undefined

export interface Nginx {
  readonly url: string
  close(): Promise<void>
}

/** @param http what stands in the http block, `{port}` in the place of the port to listen on */
export async function nginx(http: string): Promise<Nginx> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-nginx-'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`)
  const file = join(folder, 'nginx.conf')
  const text = `daemon off; master_process off; pid nginx.pid; error_log stderr warn;
events {}
http {
access_log off;
${temporary.join('\n')}
${http.replaceAll('{port}', `127.0.0.1:${port}`)}
}`
  writeFileSync(file, text)
  const child = spawn('nginx', ['-p', folder, '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    told += piece
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = `http://127.0.0.1:${port}`
  const answers = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${told}`)
    await (await fetch(`${url}/health`)).body?.cancel()
    return true
  }
  await settles(answers, { within: 10_000, every: 20, what: 'nginx' })
  return {
    url,
    async close() {
      child.kill('SIGKILL')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** nginx cannot tell which port it took. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
