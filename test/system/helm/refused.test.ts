/** Values that cannot work are refused before anything is rendered, and the message says where and why. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { goMissing } from '../deploy/go-tools.ts'
import { template, type Values } from './helm.ts'

const UPSTREAM = { url: 'http://a:3001/mcp' }
const SIDECAR = { mode: 'sidecar', config: { upstreams: { a: UPSTREAM } } }

/** By the schema of the values. */
const WRONG: readonly (readonly [values: Values, message: RegExp])[] = [
  [{ replicaCount: 2 }, /additional properties 'replicaCount' not allowed/],
  [{ mode: 'daemon' }, /at '\/mode': value must be one of 'gateway', 'sidecar'/],
  [{ config: { upstream: UPSTREAM } }, /at '\/config': additional properties 'upstream' not allowed/],
  [{ config: { upstreams: { a: {} } } }, /at '\/config\/upstreams\/a': missing property 'url'/],
  [
    { config: { upstreams: { a: { url: 'a:3001' } } } },
    /at '\/config\/upstreams\/a\/url': 'a:3001' does not match pattern/,
  ],
  [{ config: { listen: { port: 0 } } }, /at '\/config\/listen\/port': minimum: got 0, want 1/],
  [{ config: { drain: { deadline: 'soon' } } }, /at '\/config\/drain\/deadline': 'soon' does not match pattern/],
  [{ config: { limits: { connections: '1k' } } }, /at '\/config\/limits\/connections'/],
  [{ adminTokens: [{ name: 'a', rights: ['read'] }] }, /at '\/adminTokens\/0': missing property 'secret'/],
  [{ image: { pullPolicy: 'Sometimes' } }, /at '\/image\/pullPolicy': value must be one of/],
]

/** By the templates. */
const CONTRADICTORY: readonly (readonly [values: Values, message: RegExp])[] = [
  [{ replicas: 2 }, /more than one replica: sessions live in one pod each/],
  [{ autoscaling: { enabled: true } }, /more than one replica/],
  [{ replicasAreSafe: true, autoscaling: { enabled: true, maxReplicas: 1 } }, /maxReplicas is below/],
  [{ config: { admin: { port: 8080 } } }, /config\.listen\.port and config\.admin\.port are the same/],
  [{ config: { listen: { host: '127.0.0.1' } } }, /config\.listen\.host is a loopback address/],
  [{ config: { admin: { host: 'localhost' } } }, /config\.admin\.host is a loopback address/],
  [{ config: { admin: { token: 'a-token-in-the-clear' } } }, /config\.admin holds a token, .* use adminTokens/],
  [{ config: { admin: { tokens: [{ name: 'a', token: 'a-token-in-the-clear' }] } } }, /config\.admin holds a token/],
  [{ tls: { secretName: 'a' }, config: { listen: { tls: { cert: 'a', key: 'b' } } } }, /are both set: one is enough/],
  [{ config: { upstreams: { a: UPSTREAM } }, extraUpstreams: { a: UPSTREAM } }, /extraUpstreams\.a stands in/],
  [{ config: { upstreams: { a: UPSTREAM } }, extraUpstreams: { b: UPSTREAM } }, /have to stand in config\.routes/],
  [{ env: [{ name: 'SIDELIGHT_PORT', value: '1' }] }, /SIDELIGHT_PORT would go over the configuration/],
  [
    { env: [{ name: 'OTEL_RESOURCE_ATTRIBUTES', value: 'a=b' }] },
    /OTEL_RESOURCE_ATTRIBUTES is set by resourceAttributes/,
  ],
  [{ prometheusRule: { enabled: true }, resources: { limits: { memory: '1Ti' } } }, /use one of the units/],
  [{ mode: 'sidecar' }, /config\.upstreams is empty: a sidecar stands in front of the server of its pod/],
  [{ ...SIDECAR, networkPolicy: { enabled: true } }, /networkPolicy\.enabled is for mode gateway/],
]

describe('the chart refuses', { skip: goMissing, timeout: 1_800_000 }, () => {
  for (const [values, message] of [...WRONG, ...CONTRADICTORY]) {
    it(JSON.stringify(values), async () => {
      await assert.rejects(template(values), (error: { stderr?: string }) => {
        assert.match(error.stderr ?? String(error), message)
        return true
      })
    })
  }
})
