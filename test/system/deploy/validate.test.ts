/** The check of Kubernetes objects objects: to what is unknown, out of range, contradictory, deprecated or insecure. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { goMissing } from './go-tools.ts'
import { validate } from './validate.ts'

const POD = JSON.stringify({
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'a',
      image: 'a:1',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
})

const object = (apiVersion: string, kind: string, rest = ''): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: a }\n${rest}`

const AUTOSCALER =
  'spec: { minReplicas: 3, maxReplicas: 2, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: a } }'
const DEPLOYMENT = `spec:
  selector: { matchLabels: { app: a } }
  template: { metadata: { labels: { app: b } }, spec: ${POD} }`
const SERVICE = 'spec: { ports: [{ name: a, port: 1 }, { name: a, port: 2 }] }'
const SERVICE_MONITOR = 'spec: { selector: {}, endpoints: [{ ports: a }] }'
const POD_MONITOR = 'spec: { selector: {}, podMetricsEndpoints: [{ port: a, scheme: ftp }] }'

const OBJECTIONABLE: readonly (readonly [what: string, manifest: string, problem: RegExp])[] = [
  ['an unknown field', object('v1', 'ConfigMap', 'dat: {}'), /unknown field "dat"/],
  ['a field twice', object('v1', 'ConfigMap', 'data: {}\ndata: {}'), /already set/],
  ['an unknown kind', object('v1', 'ConfigMaps'), /no kind "ConfigMaps"/],
  ['a kind that nobody checks', object('v1', 'Node'), /no check for v1 Node/],
  ['a name with capitals', object('v1', 'ConfigMap').replace('name: a', 'name: A'), /lowercase RFC 1123/],
  ['a maximum below the minimum', object('autoscaling/v2', 'HorizontalPodAutoscaler', AUTOSCALER), /`minReplicas`/],
  ['a selector that misses its pods', object('apps/v1', 'Deployment', DEPLOYMENT), /`selector` does not match/],
  ['a pod that may be root', object('v1', 'Pod', `spec: ${POD.replace('true', 'false')}`), /security: .*runAsNonRoot/],
  ['two ports of one name', object('v1', 'Service', SERVICE), /Duplicate value: "a"/],
  [
    'an unknown field of the operator',
    object('monitoring.coreos.com/v1', 'ServiceMonitor', SERVICE_MONITOR),
    /unknown field spec\.endpoints\[0\]\.ports/,
  ],
  [
    'a wrong value of the operator',
    object('monitoring.coreos.com/v1', 'PodMonitor', POD_MONITOR),
    /Unsupported value: "ftp"/,
  ],
]

describe('the check of Kubernetes objects', { skip: goMissing, timeout: 1_200_000 }, () => {
  for (const [what, manifest, problem] of OBJECTIONABLE) {
    it(`objects to ${what}`, async () => {
      const [checked] = await validate(manifest)
      assert.match(checked?.problems.join('\n') ?? '', problem)
    })
  }

  it('accepts what is right, and skips what holds no object', async () => {
    const right = ['# only a comment', object('v1', 'ConfigMap', 'data: { a: b }'), object('v1', 'Pod', `spec: ${POD}`)]
    assert.deepEqual(
      (await validate(right.join('\n---\n'))).map(({ kind, name, problems }) => ({ kind, name, problems })),
      [
        { kind: 'ConfigMap', name: 'a', problems: [] },
        { kind: 'Pod', name: 'a', problems: [] },
      ],
    )
  })
})
