/** The sidecar as the chart's README shows it: in a pod of another chart, and by kustomize. */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { selfSigned } from '../../support/certificates.ts'
import { goMissing } from '../deploy/go-tools.ts'
import { kustomizeBuild } from '../deploy/kustomize.ts'
import { validate } from '../deploy/validate.ts'
import { CHART, helm, type KubernetesObject, objectsIn, only, RELEASE, template, type Values } from './helm.ts'
import { configOf, mount } from './pod-folder.ts'
import { shown } from './readme.ts'
import { assertRelated, type Container, podIn, sidelightIn } from './relations.ts'

describe('the chart as a sidecar', { skip: goMissing, timeout: 1_800_000 }, () => {
  it('stands in the pod of a chart that includes it', async (t) => {
    const chart = await server(t)
    const manifests = await template({}, chart)
    const objects = await accepted(manifests)
    assert.deepEqual(
      objects.map(({ kind, metadata }) => [kind, metadata.name]),
      [
        ['ConfigMap', 'mcp-sidelight'],
        ['Service', 'mcp'],
        ['Deployment', 'mcp'],
      ],
    )
    const pod = podIn(objects)
    const sidecar = sidelightIn(pod) as Container & { restartPolicy: string }
    assert.deepEqual(pod.spec.initContainers, [sidecar])
    assert.equal(sidecar.restartPolicy, 'Always')
    assert.equal(pod.spec.terminationGracePeriodSeconds, 10 + 10 + 25)
    // No name of a port that a server may have too.
    assert.deepEqual(
      sidecar.ports.map(({ name }) => name),
      ['sidelight-mcp', 'sidelight-admin'],
    )
    const config = await configOf(mount(objects, pod, folderOf(t), await selfSigned({ name: 'gateway' })))
    assert.equal(config.upstreams.server?.url, 'http://127.0.0.1:3001/mcp')
  })

  it('takes the same values as the gateway, and is found by its PodMonitor', async (t) => {
    const values = {
      sidelight: {
        config: { listen: { port: 8443 }, drain: { deadline: '50s' } },
        tls: { secretName: 'server-tls' },
        adminTokens: [{ name: 'on-call', rights: ['read'], secret: { name: 'tokens', key: 'on-call' } }],
        secrets: ['files-ca'],
        monitor: { enabled: true },
      },
    }
    const objects = await accepted(await template(values, await server(t)))
    const pod = podIn(objects)
    assert.equal(pod.spec.terminationGracePeriodSeconds, 50 + 10 + 25)
    assert.equal(only(objects, 'PodMonitor').apiVersion, 'monitoring.coreos.com/v1')
    assert.match(JSON.stringify(only(objects, 'Service').spec), /"targetPort":8443\b/)
    const config = await configOf(mount(objects, pod, folderOf(t), await selfSigned({ name: 'gateway' })))
    assert.deepEqual([config.listen.port, config.admin.tokens.length], [8443, 1])
  })

  it('refuses a wrong value in the other chart too', async (t) => {
    const chart = await server(t)
    await assert.rejects(template({ sidelight: { config: { upstream: {} } } }, chart), /'upstream' not allowed/)
  })

  it('is the same container with kustomize', async (t) => {
    const folder = folderOf(t)
    const { values, pod } = await asSidecar(t)
    writeFileSync(join(folder, 'kustomization.yaml'), shown('kustomization.yaml'))
    writeFileSync(join(folder, 'server.yaml'), SERVER)
    cpSync(`${CHART}/kustomize`, join(folder, 'sidelight'), { recursive: true })
    const objects = await accepted(await kustomizeBuild(folder))
    const patched = podIn(objects)
    assert.deepEqual(sidelightIn(patched), sidelightIn(pod))
    assert.equal(patched.spec.terminationGracePeriodSeconds, pod.spec.terminationGracePeriodSeconds)
    assert.deepEqual(
      patched.spec.containers.map(({ name }) => name),
      ['server'],
    )
    const [{ configMap: mounted } = {}] = patched.spec.volumes
    const { data, metadata } = only(objects, 'ConfigMap')
    // A change of the file changes the name, and that replaces the pods.
    assert.match(metadata.name, /^sidelight-\w+$/)
    assert.equal(mounted?.name, metadata.name)
    assert.deepEqual(parse(data?.['sidelight.yaml'] ?? ''), values)
  })
})

const SERVER = `apiVersion: apps/v1
kind: Deployment
metadata: { name: server, labels: { sidelight/sidecar: 'true' } }
spec:
  selector: { matchLabels: { app: server } }
  template:
    metadata: { labels: { app: server } }
    spec:
      securityContext: { runAsNonRoot: true, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: server
          image: server:1
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
`

/** What the chart makes of the README's values: its pod, and the configuration file with every key that it has. */
async function asSidecar(t: TestContext): Promise<{ pod: ReturnType<typeof podIn>; values: Values }> {
  const objects = objectsIn(await template({}, await server(t)))
  const { data } = only(objects, 'ConfigMap')
  const { routes: _, ...values } = parse(data?.['sidelight.yaml'] ?? '') as Record<string, unknown>
  return { pod: podIn(objects), values }
}

/** The chart of the README, beside this one. */
async function server(t: TestContext): Promise<string> {
  const folder = folderOf(t)
  const chart = join(folder, 'server')
  for (const name of ['Chart.yaml', 'values.yaml', 'templates/deployment.yaml', 'templates/service.yaml']) {
    mkdirSync(dirname(join(chart, name)), { recursive: true })
    writeFileSync(join(chart, name), shown(name))
  }
  cpSync(CHART, join(folder, 'sidelight'), { recursive: true })
  await helm('dependency', 'update', chart)
  await helm('lint', '--strict', chart)
  return chart
}

async function accepted(manifests: string): Promise<KubernetesObject[]> {
  for (const { kind, name, problems } of await validate(manifests)) assert.deepEqual(problems, [], `${kind} ${name}`)
  const objects = objectsIn(manifests)
  assertRelated(objects, RELEASE.namespace)
  return objects
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sidelight-chart-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
