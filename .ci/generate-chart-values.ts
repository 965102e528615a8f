/** The JSON Schema of the chart's values: its own, and the configuration's under `config`. */
import { RIGHTS } from '../src/admin/route.ts'
import { fileSchema } from '../src/config/json-schema.ts'
import type { Schema } from '../src/config/schema.ts'
import { settings } from '../src/config/settings.ts'
import { route, upstream } from '../src/config/settings-upstreams.ts'

/** Draft 7, because Helm before 3.18 knows no younger one. */
type Json = Readonly<Record<string, unknown>>

const text = { type: 'string' }
const flag = { type: 'boolean' }
const filled = { type: 'string', minLength: 1 }
/** Of an object in Kubernetes. */
const name = { type: 'string', pattern: '^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$' }
const nameOrEmpty = { type: 'string', pattern: '^([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?)?$' }
/** Of a key in a ConfigMap or Secret. */
const fileName = '^[-._a-zA-Z0-9]{1,253}$'
const seconds = { type: 'string', pattern: '^\\d+(ms|s|m|h)$' }
/** What Kubernetes alone knows, and checks. */
const anyObject = { type: 'object' }
const objects = { type: 'array', items: anyObject }
const texts = { type: 'object', additionalProperties: text }

const count = (minimum: number, maximum?: number): Json => ({ type: 'integer', minimum, ...(maximum && { maximum }) })
const oneOf = (...values: readonly string[]): Json => ({ enum: values })
const object = (properties: Json, ...required: readonly string[]): Json => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...(required.length > 0 && { required }),
})

const probe = object({
  initialDelaySeconds: count(0),
  periodSeconds: count(1),
  timeoutSeconds: count(1),
  failureThreshold: count(1),
})

const own = {
  mode: oneOf('gateway', 'sidecar'),
  nameOverride: nameOrEmpty,
  fullnameOverride: nameOrEmpty,
  commonLabels: texts,
  image: object({
    repository: filled,
    tag: { type: 'string', pattern: '^[-._a-zA-Z0-9]*$' },
    digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
    pullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
  }),
  imagePullSecrets: { type: 'array', items: object({ name }, 'name') },
  config: config(),
  extraUpstreams: extraUpstreams(),
  files: {
    type: 'object',
    propertyNames: { pattern: fileName, not: { const: 'sidelight.yaml' } },
    additionalProperties: text,
  },
  secrets: { type: 'array', items: name, uniqueItems: true },
  tls: object({ secretName: nameOrEmpty, clientCaKey: text }),
  adminTokens: {
    type: 'array',
    items: object(
      {
        name: { type: 'string', pattern: '^[a-zA-Z0-9][-_a-zA-Z0-9]{0,62}$' },
        rights: rights(),
        secret: object({ name, key: { type: 'string', pattern: fileName } }, 'name', 'key'),
      },
      'name',
      'rights',
      'secret',
    ),
  },
  env: { type: 'array', items: { type: 'object', required: ['name'], properties: { name: filled } } },
  envFrom: objects,
  resourceAttributes: flag,
  replicas: count(0),
  replicasAreSafe: flag,
  autoscaling: object({
    enabled: flag,
    minReplicas: count(1),
    maxReplicas: count(1),
    targetCPU: { type: 'string', pattern: '^\\d+(\\.\\d+)?m?$' },
    metrics: objects,
    behavior: anyObject,
  }),
  podDisruptionBudget: object({
    enabled: flag,
    minAvailable: { type: ['integer', 'string'], minimum: 0, pattern: '^(\\d+%)?$' },
    maxUnavailable: { type: ['integer', 'string'], minimum: 0, pattern: '^(\\d+%)?$' },
  }),
  resources: anyObject,
  probes: object({ startup: probe, liveness: probe, readiness: probe }),
  podSecurityContext: anyObject,
  securityContext: anyObject,
  serviceAccount: object({ create: flag, name: nameOrEmpty, annotations: texts }),
  service: object({
    type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
    port: count(1, 65535),
    annotations: texts,
    loadBalancerClass: text,
    loadBalancerSourceRanges: { type: 'array', items: filled },
    externalTrafficPolicy: oneOf('', 'Cluster', 'Local'),
    sessionAffinity: object({ enabled: flag, timeoutSeconds: count(1, 86400) }),
  }),
  networkPolicy: object({ enabled: flag, from: objects, adminFrom: objects, egress: objects }),
  monitor: object({
    enabled: flag,
    labels: texts,
    interval: seconds,
    scrapeTimeout: seconds,
    relabelings: objects,
    metricRelabelings: objects,
  }),
  scrapeAnnotations: flag,
  prometheusRule: object({
    enabled: flag,
    labels: texts,
    disabled: { type: 'array', items: filled, uniqueItems: true },
    runbookBase: text,
  }),
  dashboards: object({ enabled: flag, labels: texts, annotations: texts }),
  podAnnotations: texts,
  podLabels: texts,
  priorityClassName: text,
  nodeSelector: texts,
  tolerations: objects,
  affinity: anyObject,
  topologySpreadConstraints: objects,
  extraVolumes: objects,
  extraVolumeMounts: objects,
}

/** What Helm adds to the values of a dependency, or its condition is. */
const helms = { global: anyObject, enabled: flag }

export function chartValuesSchema(): Json {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart sidelight',
    ...object({ ...own, ...helms }),
  }
}

/** The names of all values that a user may set. */
export const chartValues: readonly string[] = Object.keys(own)

/** As the file has it, but for what the chart computes from, which must not be a variable. */
function config(): Json {
  const schema = fileSchema(settings) as { properties: Record<string, { properties: Record<string, unknown> }> }
  const { listen, admin, drain } = schema.properties
  if (listen === undefined || admin === undefined || drain === undefined) throw new Error('a section is gone')
  for (const section of [listen, admin]) section.properties.port = count(1, 65535)
  drain.properties.deadline = settings.properties?.drain?.properties?.deadline
  return schema
}

function extraUpstreams(): Json {
  const of = fileSchema(upstream) as { properties: Json }
  const routed = fileSchema(route) as { properties: Json }
  const { upstream: _, ...properties } = routed.properties
  return {
    type: 'object',
    ...namesOf(settings.properties?.upstreams),
    additionalProperties: { ...of, properties: { ...of.properties, route: object(properties) } },
  }
}

function namesOf(schema: Schema | undefined): Json {
  return { propertyNames: schema?.propertyNames }
}

function rights(): Json {
  return {
    type: 'array',
    minItems: 1,
    uniqueItems: true,
    items: { enum: RIGHTS },
  }
}
