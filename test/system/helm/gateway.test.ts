/** The chart as a gateway: every rendered object is accepted by Kubernetes, they fit together, and the gateway takes the configuration. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { selfSigned } from '../../support/certificates.ts'
import { goMissing } from '../deploy/go-tools.ts'
import { validate } from '../deploy/validate.ts'
import { CASES } from './cases.ts'
import {
  CHART,
  helm,
  type KubernetesObject,
  objectsIn,
  only,
  RELEASE,
  template,
  type Values,
  withValues,
} from './helm.ts'
import { configOf, mount } from './pod-folder.ts'
import { assertRelated, podIn, sidelightIn } from './relations.ts'
import { dashboards, groups } from './sources.ts'

const KINDS = ['ConfigMap', 'Deployment', 'Pod', 'Service', 'Service', 'ServiceAccount']

describe('the chart as a gateway', { skip: goMissing, timeout: 1_800_000 }, async () => {
  it('passes helm lint --strict', async () => {
    assert.match(await helm('lint', '--strict', CHART), /1 chart\(s\) linted, 0 chart\(s\) failed/)
  })

  for (const { what, values, kinds = [], check } of CASES) {
    it(`renders ${what}`, async () => {
      await withValues(values, (file) => helm('lint', '--strict', CHART, '--values', file))
      const manifests = await template(values)
      for (const { kind, name, problems } of await validate(manifests))
        assert.deepEqual(problems, [], `${kind} ${name}`)
      const objects = objectsIn(manifests)
      assert.deepEqual(kindsOf(objects), expected(values, kinds))
      assertRelated(objects, RELEASE.namespace)
      await inFolder(async (folder) => {
        const pod = podIn(objects)
        const config = await configOf(mount(objects, pod, folder, await selfSigned({ name: 'gateway' })))
        const ports = sidelightIn(pod).ports.map(({ containerPort }) => containerPort)
        assert.deepEqual([config.listen.host, config.admin.host], ['0.0.0.0', '0.0.0.0'])
        assert.deepEqual([config.listen.port, config.admin.port], ports)
        assert.equal(pod.spec.terminationGracePeriodSeconds, Math.ceil(config.drain.deadline / 1000) + 10)
        check?.(objects, config)
      })
    })
  }

  it('says where to connect', async () => {
    const extraUpstreams = { search: { url: 'http://search:3001/mcp' } }
    const notes = async (values: Values): Promise<string> =>
      withValues(values, (file) =>
        helm('install', RELEASE.name, CHART, '--namespace', RELEASE.namespace, '--dry-run=client', '--values', file),
      )
    const first = await notes({})
    assert.match(first, /No upstream is configured/)
    assert.match(first, /^ {2}http:\/\/mcp-sidelight\.tools:8080\/mcp$/m)
    assert.match(first, /Without a token/)
    const more = await notes({ extraUpstreams, tls: { secretName: 'a' }, envFrom: [{ secretRef: { name: 'a' } }] })
    assert.match(more, /^ {2}https:\/\/mcp-sidelight\.tools:8080\/search$/m)
    assert.doesNotMatch(more, /No upstream|Without a token/)
  })

  it('replaces the pods when the configuration or a file changes, and only then', async () => {
    const sum = async (values: Values): Promise<string | undefined> =>
      podIn(objectsIn(await template(values))).metadata.annotations['checksum/sidelight-config']
    const first = await sum({})
    assert.match(first ?? '', /^[0-9a-f]{64}$/)
    assert.equal(await sum({ replicasAreSafe: true, podLabels: { a: 'b' } }), first)
    const others = [
      await sum({ config: { log: { level: 'debug' } } }),
      await sum({ files: { 'a.mjs': '' } }),
      await sum({ files: { 'a.mjs': ' ' } }),
      await sum({ extraUpstreams: { a: { url: 'http://a/mcp' } } }),
    ]
    assert.equal(new Set([first, ...others]).size, 5)
    assert.equal(await sum({ config: { reload: { watch: true } } }), undefined)
  })

  it('holds all dashboards and all rules as they are', async () => {
    const objects = objectsIn(await template({ dashboards: { enabled: true }, prometheusRule: { enabled: true } }))
    for (const { name, text } of dashboards()) {
      const found = objects.filter(({ kind, data }) => kind === 'ConfigMap' && data?.[name] !== undefined)
      assert.equal(found.length, 1, name)
      assert.deepEqual(JSON.parse(found[0]?.data?.[name] ?? ''), JSON.parse(text))
    }
    const rule = only(objects, 'PrometheusRule').spec as unknown as { groups: unknown[] }
    assert.deepEqual(rule.groups, groups())
  })
})

function kindsOf(objects: readonly KubernetesObject[]): string[] {
  return objects.map(({ kind }) => kind).sort()
}

function expected({ serviceAccount, dashboards: boards }: Values, more: readonly string[]): string[] {
  const account = (serviceAccount as { create?: boolean } | undefined)?.create !== false
  const shown = (boards as { enabled?: boolean } | undefined)?.enabled ? dashboards() : []
  const kinds = KINDS.filter((kind) => account || kind !== 'ServiceAccount')
  return [...kinds, ...more, ...shown.map(() => 'ConfigMap')].sort()
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-pod-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
