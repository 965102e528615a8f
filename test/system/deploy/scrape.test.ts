/** The scrape configuration for pods takes from a real Prometheus's discovery what it should, and labels it. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { settles } from '../../support/measure.ts'
import { isMissing, program } from './program.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

type Labels = Readonly<Record<string, string>>

interface Target {
  readonly scrapeUrl: string
  readonly labels: Labels
}

const prometheusMissing = isMissing('prometheus') && 'no prometheus'

test('the scrape configuration for pods takes the gateway in them alone', { skip: prometheusMissing }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-scrape-'))
  const meta = (more: Labels): Labels =>
    Object.fromEntries(Object.entries(more).map(([name, value]) => [`__meta_kubernetes_${name}`, value]))
  const gateway = {
    pod_annotation_prometheus_io_scrape: 'true',
    pod_annotation_prometheus_io_port: '9090',
    pod_annotation_prometheus_io_path: '/metrics',
    pod_container_name: 'sidelight',
    pod_container_port_number: '9090',
    namespace: 'tools',
    pod_name: 'search-1',
  }
  const pods = [
    ['127.0.0.1:1', gateway],
    ['127.0.0.1:2', { ...gateway, pod_container_port_number: '8080' }],
    ['127.0.0.1:3', { ...gateway, pod_container_name: 'search' }],
    ['127.0.0.1:4', { ...gateway, pod_annotation_prometheus_io_scrape: 'false' }],
  ] as const

  // What discovery would find is told: Debian's Prometheus is built without Kubernetes.
  const shipped = parse(readFileSync(`${ROOT}deploy/kubernetes/prometheus-scrape.yml`, 'utf8'))
  const [{ kubernetes_sd_configs: discovery, ...job }] = shipped.scrape_configs
  assert.deepEqual(discovery, [{ role: 'pod' }])
  const static_configs = pods.map(([address, labels]) => ({ targets: [address], labels: meta(labels) }))
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, stringify({ scrape_configs: [{ ...job, static_configs }] }))
  const prometheus = await program('prometheus', [`--config.file=${file}`, `--storage.tsdb.path=${folder}/data`])
  t.after(async () => {
    await prometheus.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const targets = await settles(
    async () => {
      const response = await fetch(`${prometheus.url}/api/v1/targets`, { signal: AbortSignal.timeout(5_000) })
      const { data } = (await response.json()) as { data: { activeTargets: Target[]; droppedTargets: unknown[] } }
      assert.equal(data.droppedTargets.length, 3)
      return data.activeTargets
    },
    { within: 20_000, every: 100, what: 'the targets' },
  )
  assert.deepEqual(
    targets.map(({ scrapeUrl, labels }) => [scrapeUrl, labels]),
    [
      [
        'http://127.0.0.1:1/metrics',
        { instance: '127.0.0.1:1', job: 'sidelight', namespace: 'tools', pod: 'search-1' },
      ],
    ],
  )
})
