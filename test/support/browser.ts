/** Runs a script in a page of the system's Chromium, without a window, and brings back what it reports. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const browserIsMissing = spawnSync('chromium', ['--version'], { stdio: 'ignore' }).error !== undefined

export interface Page {
  /** As the browser names it in `Origin`. */
  readonly origin: string
  /** Opens the page: runs a module whose `report(value)` ends it. Rejects if there is no report in time. */
  run<T>(script: string): Promise<T>
  close(): void
}

const FLAGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run']
const REPORT = `const report = (value) => fetch('/report', { method: 'POST', body: JSON.stringify(value) })`

export async function page(within = 30_000): Promise<Page> {
  let script = ''
  let reported: (text: string) => void = () => {}
  const server = createServer(async (req, res) => {
    if (req.url !== '/report') {
      res.setHeader('content-type', 'text/html').end(`<!doctype html><script type="module">${script}</script>`)
      return
    }
    let text = ''
    for await (const piece of req.setEncoding('utf8')) text += piece
    res.end()
    reported(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  return {
    origin,
    async run<T>(text: string): Promise<T> {
      script = `${REPORT}\n${text}`
      const report = new Promise<string>((resolve) => {
        reported = resolve
      })
      return JSON.parse(await browse(origin, report, within)) as T
    },
    close: () => stop(server),
  }
}

async function browse(url: string, report: Promise<string>, within: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-browser-'))
  // A group of its own, because a browser is many processes.
  const args = [...FLAGS, `--user-data-dir=${folder}`, url]
  const child = spawn('chromium', args, { stdio: 'ignore', detached: true })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the page reported nothing in time')), within)
  })
  try {
    return await Promise.race([report, late])
  } finally {
    clearTimeout(timer)
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    await exited
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

function stop(server: Server): void {
  server.close()
  server.closeAllConnections()
}
