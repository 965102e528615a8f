/** Starts a real Prometheus that scrapes what it is told, and asks it. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'

export const prometheusMissing = spawnSync('prometheus', ['--version'], { stdio: 'ignore' }).error !== undefined

/** A scrape job: its name, and the address that it scrapes, with a query if wanted. */
export interface Job {
  readonly name: string
  readonly url: string
  /** As service discovery gives them. */
  readonly labels?: Readonly<Record<string, string>>
}

export interface PrometheusServer {
  /** The `data` of an answer of its HTTP API; rejects when it says no. */
  ask(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown>
  close(): Promise<void>
}

/** @param rules what rule files hold */
export async function prometheusServer(jobs: readonly Job[], rules: readonly object[] = []): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-prometheus-'))
  const configuration = {
    global: { scrape_interval: '500ms', scrape_timeout: '500ms', evaluation_interval: '500ms' },
    rule_files: ['rules-*.yml'],
    scrape_configs: jobs.map(({ name, url, labels = {} }) => {
      const { host, pathname, searchParams } = new URL(url)
      const params = Object.fromEntries([...searchParams.keys()].map((key) => [key, searchParams.getAll(key)]))
      return { job_name: name, metrics_path: pathname, params, static_configs: [{ targets: [host], labels }] }
    }),
  }
  writeFileSync(join(folder, 'prometheus.yml'), stringify(configuration))
  for (const [index, rule] of rules.entries()) writeFileSync(join(folder, `rules-${index}.yml`), stringify(rule))
  const args = [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--web.listen-address=127.0.0.1:0',
    '--enable-feature=exemplar-storage',
  ]
  const child = spawn('prometheus', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'exit')
  const close = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  let said = ''
  const address = await new Promise<string>((resolve, reject) => {
    void exited.then(() => reject(new Error(`prometheus ended: ${said}`)))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const [, found] = /msg="Listening on" address=(\S+)/.exec(said) ?? []
      if (found !== undefined) resolve(found)
    })
  })
  child.stderr.removeAllListeners('data').resume()
  return {
    async ask(path, parameters) {
      const response = await fetch(`http://${address}/api/v1/${path}?${new URLSearchParams(parameters)}`)
      const { data, error } = (await response.json()) as { data: unknown; error?: string }
      if (error !== undefined) throw new Error(`${error}: ${JSON.stringify(parameters)}`)
      return data
    },
    close,
  }
}
