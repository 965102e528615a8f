/** What no schema can say of rendered objects: that they mean one another. */
import assert from 'node:assert/strict'
import { type KubernetesObject, type Labels, only } from './helm.ts'

export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
  readonly env: readonly { readonly name: string; readonly value?: string }[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: number }
}

export interface Volume {
  readonly name: string
  readonly configMap?: { readonly name: string }
  readonly secret?: { readonly secretName: string }
  readonly projected?: {
    readonly sources: readonly {
      readonly secret: {
        readonly name: string
        readonly items: readonly { readonly key: string; readonly path: string }[]
      }
    }[]
  }
}

export interface Pod {
  readonly metadata: { readonly labels: Labels; readonly annotations: Labels }
  readonly spec: {
    readonly terminationGracePeriodSeconds: number
    readonly initContainers?: readonly Container[]
    readonly containers: readonly Container[]
    readonly volumes: readonly Volume[]
  }
}

type Spec = Readonly<Record<string, unknown>>
interface Selector {
  readonly matchLabels: Labels
}

export function podIn(objects: readonly KubernetesObject[]): Pod {
  const { spec } = only(objects, 'Deployment') as unknown as { spec: { template: Pod } }
  return spec.template
}

/** The gateway's container in the pod, as a sidecar or alone. */
export function sidelightIn({ spec }: Pod): Container {
  const found = [...(spec.initContainers ?? []), ...spec.containers].filter(({ name }) => name === 'sidelight')
  assert.equal(found.length, 1)
  return found[0] as Container
}

export function assertRelated(objects: readonly KubernetesObject[], namespace: string): void {
  const pod = podIn(objects)
  const { labels } = pod.metadata
  const ports = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap((each) => each.ports ?? [])
  const named = (name: unknown): boolean => ports.some((port) => port.name === name)
  const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
  assert.equal(new Set(names).size, names.length, names.join())

  for (const { kind, metadata, spec } of objects as unknown as readonly (Omit<KubernetesObject, 'spec'> & {
    spec: Spec
  })[]) {
    const what = `${kind} ${metadata.name}`
    if (metadata.namespace !== undefined) assert.equal(metadata.namespace, namespace, what)
    if (kind === 'Service') {
      assert.ok(selects(spec.selector as Labels, labels), what)
      for (const { targetPort } of spec.ports as { targetPort: unknown }[]) {
        assert.ok(named(targetPort) || ports.some((port) => port.containerPort === targetPort), what)
      }
    }
    if (kind === 'Deployment' || kind === 'PodDisruptionBudget')
      assert.ok(selects((spec.selector as Selector).matchLabels, labels), what)
    if (kind === 'HorizontalPodAutoscaler')
      assert.ok(names.includes(`Deployment ${(spec.scaleTargetRef as { name: string }).name}`), what)
    if (kind === 'NetworkPolicy') {
      assert.ok(selects((spec.podSelector as Selector).matchLabels, labels), what)
      const opened = (spec.ingress as { ports: { port: string }[] }[]).flatMap((rule) => rule.ports)
      assert.deepEqual(
        opened.map(({ port }) => port),
        ['mcp', 'admin'],
      )
      assert.ok(
        opened.every(({ port }) => named(port)),
        what,
      )
    }
    if (kind === 'ServiceMonitor') {
      const services = objects.filter(
        (each) =>
          each.kind === 'Service' && selects((spec.selector as Selector).matchLabels, each.metadata.labels ?? {}),
      )
      const [service, ...others] = services as { spec: unknown }[]
      assert.ok(service && others.length === 0, what)
      const [{ port }] = spec.endpoints as [{ port: string }]
      const { ports: offered } = service.spec as { ports: { name: string }[] }
      assert.ok(
        offered.some(({ name }) => name === port),
        what,
      )
    }
    if (kind === 'PodMonitor') {
      assert.ok(selects((spec.selector as Selector).matchLabels, labels), what)
      const [{ port }] = spec.podMetricsEndpoints as [{ port: string }]
      assert.ok(named(port), what)
    }
  }
  assertWithin(pod, names)
}

/** What the gateway's container takes from its pod is there. */
function assertWithin(pod: Pod, names: readonly string[]): void {
  const container = sidelightIn(pod)
  const volumes = new Set(pod.spec.volumes.map(({ name }) => name))
  for (const { name } of container.volumeMounts) assert.ok(volumes.has(name), name)
  for (const { configMap } of pod.spec.volumes) {
    if (configMap?.name.includes('sidelight')) assert.ok(names.includes(`ConfigMap ${configMap.name}`), configMap.name)
  }
  const admin = container.ports.find(({ name }) => name.endsWith('admin'))
  for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
    assert.equal(probe.httpGet.port, admin?.containerPort)
  }
}

function selects(selector: Labels, labels: Labels): boolean {
  return Object.keys(selector).length > 0 && Object.entries(selector).every(([key, value]) => labels[key] === value)
}
