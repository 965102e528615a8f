/** The examples for Kubernetes are accepted by a server, mean one another, and hold what the docs promise of them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { loadConfig } from '../../../src/config/load.ts'
import { goMissing } from './go-tools.ts'
import { kustomized } from './kustomize.ts'
import { validate } from './validate.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string }

const VARIANTS: readonly (readonly [base: string, components: readonly string[]])[] = [
  ['gateway', []],
  ['gateway', ['operator/gateway']],
  ['gateway-scaled', []],
  ['gateway-scaled', ['operator/gateway']],
  ['sidecar', []],
  ['sidecar', ['operator/sidecar']],
]

/** As much of an object as is looked at here. */
interface Parsed {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Labels; readonly annotations?: Labels }
  // biome-ignore lint/suspicious/noExplicitAny: what is in it differs by kind, and the server's own check has seen it.
  readonly spec: any
  readonly data?: Labels
}
type Labels = Readonly<Record<string, string>>

interface Container {
  readonly name: string
  readonly image: string
  readonly restartPolicy?: string
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly [probe: `${string}Probe`]: { readonly httpGet: { readonly path: string; readonly port: string } }
}

const selects = (selector: Labels, labels: Labels = {}): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value)

for (const [base, components] of VARIANTS) {
  describe([base, ...components].join(' with '), { skip: goMissing, timeout: 1_200_000 }, async () => {
    const text = goMissing === undefined ? await kustomized(base, components) : ''
    const objects = parseAllDocuments(text).map((document) => document.toJS() as Parsed)
    const all = (kind: string): readonly Parsed[] => objects.filter((object) => object.kind === kind)
    const deployment = all('Deployment')[0]?.spec
    const labels: Labels = deployment?.template.metadata.labels
    const pod = deployment?.template.spec
    const containers: readonly Container[] = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])]
    const gateway = containers.find(({ name }) => name === 'sidelight') as Container
    const port = (name: unknown): number | undefined => gateway.ports?.find((each) => each.name === name)?.containerPort
    const config = async () => {
      const loaded = await loadConfig({
        argv: ['--config', 'sidelight.yaml'],
        env: { SIDELIGHT_HOST: '0.0.0.0', SIDELIGHT_ADMIN_HOST: '0.0.0.0' },
        cwd: `${ROOT}deploy/kubernetes/${base.replace('-scaled', '')}`,
      })
      assert.ok('config' in loaded, JSON.stringify(loaded))
      return loaded.config
    }

    it('is accepted', async () => {
      const checked = await validate(text)
      assert.equal(checked.length, objects.length)
      for (const { kind, name, problems } of checked) assert.deepEqual(problems, [], `${kind} ${name}`)
    })

    it('configures a gateway that opens the ports of its container', async () => {
      const { listen, admin } = await config()
      assert.ok(gateway.image.endsWith(`:${version}`), gateway.image)
      const [proxyPort, adminPort] = gateway.ports ?? []
      assert.deepEqual([proxyPort?.containerPort, adminPort?.containerPort], [listen.port, admin.port])
      const [mapped] = all('ConfigMap')
      const volumes = pod.volumes.filter((volume: { configMap?: { name: string } }) => volume.configMap !== undefined)
      assert.deepEqual(volumes, [{ ...volumes[0], configMap: { name: mapped?.metadata.name } }])
      assert.match(mapped?.metadata.name ?? '', /-\w{10}$/, 'a change has to change the name')
    })

    it('stops later than the drain ends', async () => {
      const { drain } = await config()
      // A server beside it stops first: 5 s until it is out of the Service, and 30 s for its calls.
      const more = base === 'sidecar' ? 35 : 10
      assert.ok(pod.terminationGracePeriodSeconds >= more + drain.deadline / 1000)
    })

    it('is probed for life and readiness', () => {
      for (const [probe, path] of [
        ['startupProbe', '/health'],
        ['livenessProbe', '/health'],
        ['readinessProbe', '/health/ready'],
      ] as const) {
        const { httpGet } = gateway[probe] as Container['startupProbe'] & object
        assert.equal(httpGet.path, path)
        assert.equal(port(httpGet.port), 9090)
      }
    })

    it('names ports and labels that are there', () => {
      for (const { spec } of all('Service')) {
        assert.ok(selects(spec.selector, labels))
        for (const { targetPort } of spec.ports) assert.ok(port(targetPort), targetPort)
      }
      for (const { spec } of all('NetworkPolicy')) {
        assert.ok(selects(spec.podSelector.matchLabels, labels))
        for (const rule of spec.ingress) for (const opened of rule.ports) assert.ok(port(opened.port), opened.port)
      }
      for (const { spec } of all('PodDisruptionBudget')) assert.ok(selects(spec.selector.matchLabels, labels))
      for (const { spec } of all('HorizontalPodAutoscaler'))
        assert.equal(spec.scaleTargetRef.name, all('Deployment')[0]?.metadata.name)
      for (const { spec } of all('ServiceMonitor')) {
        const chosen = all('Service').filter(({ metadata }) => selects(spec.selector.matchLabels, metadata.labels))
        assert.equal(chosen.length, 1, 'each pod is scraped once')
        assert.deepEqual(
          spec.endpoints.map((endpoint: { port: string }) => endpoint.port),
          chosen[0]?.spec.ports.map(({ name }: { name: string }) => name),
        )
      }
      for (const { spec } of all('PodMonitor'))
        for (const endpoint of spec.podMetricsEndpoints) assert.equal(port(endpoint.port), 9090)
    })

    it('is scraped in one way, by a job whose name alerts know', () => {
      const { annotations = {} } = deployment.template.metadata as Parsed['metadata']
      const monitors = [...all('ServiceMonitor'), ...all('PodMonitor')]
      assert.equal(annotations['prometheus.io/scrape'], components.length === 0 ? 'true' : undefined)
      if (components.length === 0) assert.equal(annotations['prometheus.io/port'], '9090')
      assert.equal(monitors.length, components.length)
      for (const { metadata } of monitors) assert.match(metadata.name, /sidelight/)
    })

    it('has more than one replica only where sessions are pinned', () => {
      const scaled = base === 'gateway-scaled'
      assert.equal(deployment.replicas, scaled ? undefined : 1)
      assert.equal(all('HorizontalPodAutoscaler').length, scaled ? 1 : 0)
      // A budget for one pod would keep its node from being drained.
      assert.equal(all('PodDisruptionBudget').length, scaled ? 1 : 0)
      const [service] = all('Service')
      assert.equal(service?.spec.sessionAffinity, scaled ? 'ClientIP' : undefined)
    })

    if (base === 'sidecar') {
      it('has the gateway as a native sidecar, in front of a server on loopback', async () => {
        assert.deepEqual(
          pod.initContainers.map(({ name, restartPolicy }: Container) => [name, restartPolicy]),
          [['sidelight', 'Always']],
        )
        const { upstreams } = await config()
        const urls = JSON.stringify(upstreams)
        assert.match(urls, /127\.0\.0\.1:3001/)
        const env = pod.containers[0].env as readonly { name: string; value: string }[]
        assert.deepEqual(Object.fromEntries(env.map(({ name, value }) => [name, value])), {
          HOST: '127.0.0.1',
          PORT: '3001',
        })
      })
    }
  })
}
