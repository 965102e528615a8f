/** Values that people may set, and what must come of them. */
import assert from 'node:assert/strict'
import { parse } from 'yaml'
import type { Config } from '../../../src/config/config.ts'
import { example } from '../../../src/config/example.ts'
import { type KubernetesObject, only, type Values } from './helm.ts'
import { shown } from './readme.ts'
import { podIn, sidelightIn } from './relations.ts'

export interface Case {
  readonly what: string
  readonly values: Values
  /** Kinds beside those of the defaults. */
  readonly kinds?: readonly string[]
  readonly check?: (objects: readonly KubernetesObject[], config: Config) => void
}

const FILES = { url: 'http://files:3001/mcp' }
const pinned = { service: { sessionAffinity: { enabled: true } } }
const spec = (object: KubernetesObject) => object.spec as unknown as Record<string, unknown>
const variable = (name: string): string => `\${${name}}`

export const CASES: readonly Case[] = [
  {
    what: 'nothing at all',
    values: {},
    check: (objects, { upstreams }) => {
      assert.deepEqual(upstreams, {})
      assert.equal(podIn(objects).metadata.annotations['prometheus.io/port'], '9090')
      assert.equal(spec(only(objects, 'Deployment')).replicas, 1)
    },
  },
  {
    what: 'one upstream',
    values: { config: { upstreams: { files: FILES } } },
    check: (_, { routes }) =>
      assert.deepEqual(
        routes.map(({ path, upstream }) => [path, upstream]),
        [['/mcp', 'files']],
      ),
  },
  {
    what: 'the gateway of the README',
    values: parse(shown('gateway.yaml')) as Values,
    check: (objects, { upstreams }) => {
      assert.match(sidelightIn(podIn(objects)).image, /^registry\.example\.com\/sidelight:\d/)
      assert.match(upstreams.search?.probe.headers.authorization ?? '', /^Bearer a-token/)
    },
  },
  {
    what: 'the example of the documentation, with its files',
    values: {
      config: parse(example) as object,
      files: { 'redact.mjs': 'export default () => ({ name: "redact" })\n' },
    },
    check: (_, { listen, interceptors, telemetry }) => {
      assert.deepEqual(listen.hosts, ['gateway.example.com'])
      assert.match(interceptors[0]?.module ?? '', /\/etc\/sidelight\/config\/redact\.mjs$/)
      // What the file says of the resource stands beside what the pod says.
      const { resource } = telemetry as { resource: Record<string, string> }
      assert.equal(resource['deployment.environment.name'], 'production')
      assert.ok(resource['k8s.pod.name'])
    },
  },
  {
    what: 'other ports and a long drain',
    values: {
      config: { listen: { port: 18080 }, admin: { port: 19090 }, drain: { deadline: '2m' } },
      service: { port: 80 },
    },
    check: (objects) => assert.equal(podIn(objects).spec.terminationGracePeriodSeconds, 130),
  },
  {
    what: 'a drain in milliseconds',
    values: { config: { drain: { lag: 0, deadline: 1500 } } },
    check: (objects) => assert.equal(podIn(objects).spec.terminationGracePeriodSeconds, 12),
  },
  {
    what: 'sections of the configuration that are taken away',
    values: { config: { listen: null, admin: null, drain: null } },
    check: (objects) => assert.equal(podIn(objects).spec.terminationGracePeriodSeconds, 35),
  },
  {
    what: 'a configuration that is taken while running',
    values: { config: { reload: { watch: true } }, scrapeAnnotations: false },
    check: (objects, { reload }) => {
      assert.ok(reload.watch)
      assert.equal(podIn(objects).metadata.annotations, null)
    },
  },
  {
    what: 'TLS with certificates of clients',
    values: { tls: { secretName: 'gateway-tls', clientCaKey: 'ca.crt' } },
    check: (objects, { listen }) => {
      assert.match(listen.tls?.clientCa ?? '', /\/etc\/sidelight\/tls\/ca\.crt$/)
      const [port] = spec(only(objects, 'Service', 'sidelight')).ports as { appProtocol: string }[]
      assert.equal(port?.appProtocol, 'https')
    },
  },
  {
    what: 'certificates and credentials towards an upstream',
    values: {
      secrets: ['files-client'],
      env: [{ name: 'FILES_TOKEN', valueFrom: { secretKeyRef: { name: 'files', key: 'token' } } }],
      envFrom: [{ secretRef: { name: 'more' } }],
      config: {
        upstreams: {
          files: {
            url: 'https://files/mcp',
            tls: {
              ca: '/etc/sidelight/secrets/files-client/ca.crt',
              cert: '/etc/sidelight/secrets/files-client/tls.crt',
              key: '/etc/sidelight/secrets/files-client/tls.key',
            },
            probe: { headers: { authorization: `Bearer ${variable('FILES_TOKEN')}` } },
          },
        },
      },
    },
    check: (_, { upstreams }) => assert.match(upstreams.files?.probe.headers.authorization ?? '', /^Bearer a-token/),
  },
  {
    what: 'tokens from Secrets',
    values: {
      adminTokens: [
        { name: 'on-call', rights: ['read', 'profile'], secret: { name: 'tokens', key: 'on-call' } },
        { name: 'deploy', rights: ['write'], secret: { name: 'tokens', key: 'deploy' } },
      ],
    },
    check: (_, { admin }) =>
      assert.deepEqual(
        admin.tokens.map(({ name, rights }) => [name, rights]),
        [
          ['on-call', ['read', 'profile']],
          ['deploy', ['write']],
        ],
      ),
  },
  {
    what: 'upstreams from several files of values',
    values: {
      config: { upstreams: { files: FILES }, routes: [{ path: '/files', upstream: 'files' }] },
      extraUpstreams: {
        search: { url: 'http://search:3001/mcp', limits: { calls: 8 } },
        tickets: { url: 'http://tickets:3001/mcp', route: { path: '/t', deadlines: { responseHead: '30s' } } },
      },
    },
    check: (_, { routes, upstreams }) => {
      assert.deepEqual(
        routes.map(({ path, upstream, deadlines }) => [path, upstream, deadlines.responseHead]),
        [
          ['/files', 'files', 300_000],
          ['/search', 'search', 300_000],
          ['/t', 'tickets', 30_000],
        ],
      )
      assert.equal(upstreams.search?.limits.calls, 8)
    },
  },
  {
    what: 'large numbers',
    values: { config: { upstreams: { files: { ...FILES, limits: { calls: 1_000_000, streams: 1_000_000 } } } } },
    check: (_, { upstreams }) => assert.equal(upstreams.files?.limits.calls, 1_000_000),
  },
  {
    what: 'two replicas with pinned sessions, a budget and a policy',
    values: {
      ...pinned,
      replicas: 2,
      podDisruptionBudget: { enabled: true, minAvailable: '50%' },
      networkPolicy: {
        enabled: true,
        adminFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
        egress: [{ to: [{ podSelector: { matchLabels: { app: 'files' } } }], ports: [{ port: 3001 }] }],
      },
    },
    kinds: ['NetworkPolicy', 'PodDisruptionBudget'],
    check: (objects) => {
      assert.equal(spec(only(objects, 'Service', 'sidelight')).sessionAffinity, 'ClientIP')
      assert.deepEqual(spec(only(objects, 'NetworkPolicy')).policyTypes, ['Ingress', 'Egress'])
      assert.equal(spec(only(objects, 'PodDisruptionBudget')).minAvailable, '50%')
    },
  },
  {
    what: 'autoscaling without sessions',
    values: {
      replicasAreSafe: true,
      autoscaling: { enabled: true, maxReplicas: 8 },
      podDisruptionBudget: { enabled: true },
      networkPolicy: { enabled: true },
    },
    kinds: ['HorizontalPodAutoscaler', 'NetworkPolicy', 'PodDisruptionBudget'],
    check: (objects) => {
      assert.equal(spec(only(objects, 'Deployment')).replicas, undefined)
      assert.equal(spec(only(objects, 'PodDisruptionBudget')).maxUnavailable, 1)
      assert.deepEqual(spec(only(objects, 'NetworkPolicy')).policyTypes, ['Ingress'])
    },
  },
  {
    what: 'the Prometheus operator and Grafana',
    values: {
      monitor: { enabled: true, labels: { release: 'prometheus' } },
      prometheusRule: { enabled: true, disabled: ['SidelightAbsent'], runbookBase: 'https://example.com/' },
      dashboards: { enabled: true },
      resources: { limits: { memory: '1.5Gi' } },
    },
    kinds: ['PrometheusRule', 'ServiceMonitor'],
    check: (objects) => {
      const { groups } = spec(only(objects, 'PrometheusRule')) as { groups: Group[] }
      const all = groups.flatMap(({ rules }) => rules)
      assert.ok(!all.some(({ alert }) => alert === 'SidelightAbsent'))
      assert.equal(all.find(({ record }) => record === 'sidelight:memory_limit:bytes')?.expr, 'vector(1610612736)')
      for (const { alert, annotations } of all.filter((rule) => rule.alert)) {
        assert.equal(annotations?.runbook_url, `https://example.com/docs/runbooks.md#${alert?.toLowerCase()}`)
      }
      assert.equal(podIn(objects).metadata.annotations['prometheus.io/scrape'], undefined)
      assert.equal(only(objects, 'ServiceMonitor').metadata.labels?.release, 'prometheus')
    },
  },
  {
    what: 'no limit on memory',
    values: { prometheusRule: { enabled: true }, resources: { limits: null } },
    kinds: ['PrometheusRule'],
    check: (objects) => {
      const { groups } = spec(only(objects, 'PrometheusRule')) as { groups: Group[] }
      const all = groups.flatMap(({ rules }) => rules)
      assert.ok(all.length > 0 && !JSON.stringify(all).includes('memory_limit'))
    },
  },
  {
    what: 'a release called otherwise',
    values: {
      fullnameOverride: 'gw',
      nameOverride: 'edge',
      monitor: { enabled: true },
      commonLabels: { team: 'tools' },
      serviceAccount: { create: false, name: 'existing' },
    },
    kinds: ['ServiceMonitor'],
    check: (objects) => {
      assert.equal(only(objects, 'Deployment').metadata.name, 'gw')
      assert.match(JSON.stringify(only(objects, 'ServiceMonitor').spec), /"replacement":"sidelight-gw"/)
    },
  },
  {
    what: 'everything that is the pod’s',
    values: {
      image: { repository: 'registry.example.com/sidelight', digest: `sha256:${'0a'.repeat(32)}` },
      imagePullSecrets: [{ name: 'registry' }],
      podAnnotations: { a: 'b' },
      podLabels: { c: 'd' },
      priorityClassName: 'important',
      nodeSelector: { 'kubernetes.io/os': 'linux' },
      tolerations: [{ key: 'a', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'topology.kubernetes.io/zone',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'sidelight' } },
        },
      ],
      extraVolumes: [{ name: 'log', emptyDir: { sizeLimit: '1Gi' } }],
      extraVolumeMounts: [{ name: 'log', mountPath: '/var/log/sidelight' }],
      config: { log: { destination: '/var/log/sidelight/access.log' } },
      service: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', loadBalancerSourceRanges: ['10.0.0.0/8'] },
      scrapeAnnotations: false,
      resourceAttributes: false,
    },
    check: (objects, { log }) => {
      assert.equal(log.destination, '/var/log/sidelight/access.log')
      assert.match(sidelightIn(podIn(objects)).image, /^registry\.example\.com\/sidelight@sha256:/)
    },
  },
]

interface Group {
  readonly rules: readonly {
    readonly alert?: string
    readonly record?: string
    readonly expr: string
    readonly annotations?: Record<string, string>
  }[]
}
