/** The Helm chart as far as npm alone can tell: its values, their schema, and what it copies. test/system/helm runs Helm. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { strayCopies } from '../../.ci/generate-chart.ts'
import { chartValues, chartValuesSchema } from '../../.ci/generate-chart-values.ts'
import { example } from '../../src/config/example.ts'
import { defaultOf, jsonSchema } from '../../src/config/settings.ts'
import { ROOT } from './rules.ts'

const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8')
const variable = (name: string): string => `\${${name}}`
const values = parse(read('helm/sidelight/values.yaml')) as Record<string, unknown>
const accepts = new Ajv({ allowUnionTypes: true, strictRequired: false }).compile(chartValuesSchema())

/** Where the values are wrong. */
function faults(given: Record<string, unknown>): string[] {
  return accepts(given) ? [] : (accepts.errors ?? []).map(({ instancePath }) => instancePath)
}

describe('the values of the chart', () => {
  it('stand in values.yaml, each with a default that their schema accepts', () => {
    assert.deepEqual(Object.keys(values).sort(), [...chartValues].sort())
    assert.deepEqual(faults(values), [])
  })

  it('have the gateway’s own defaults, but for the addresses', () => {
    const { listen, admin, drain, upstreams, routes, ...rest } = values.config as Record<
      string,
      Record<string, unknown>
    >
    assert.deepEqual(listen, { host: '0.0.0.0', port: defaultOf(['listen', 'port']) })
    assert.deepEqual(admin, { host: '0.0.0.0', port: defaultOf(['admin', 'port']) })
    for (const [key, value] of Object.entries(drain ?? {})) assert.equal(value, defaultOf(['drain', key]), key)
    assert.deepEqual([upstreams, routes, rest], [{}, [], {}])
  })

  it('reach every key of the configuration', () => {
    const { properties } = chartValuesSchema() as { properties: { config: { properties: object } } }
    const { properties: all } = jsonSchema() as { properties: Record<string, { properties?: object }> }
    const within = properties.config.properties as typeof all
    assert.deepEqual(Object.keys(within), Object.keys(all))
    for (const [section, { properties: keys }] of Object.entries(all)) {
      assert.deepEqual(Object.keys(within[section]?.properties ?? {}), Object.keys(keys ?? {}), section)
    }
    assert.deepEqual(faults({ config: parse(example) as object }), [])
  })

  const WRONG: readonly (readonly [path: string, values: Record<string, unknown>])[] = [
    ['', { replicaCount: 2 }],
    ['/mode', { mode: 'both' }],
    ['/config', { config: { upstream: {} } }],
    ['/config/listen/port', { config: { listen: { port: 0 } } }],
    ['/config/listen/port', { config: { listen: { port: variable('PORT') } } }],
    ['/config/drain/deadline', { config: { drain: { deadline: variable('DEADLINE') } } }],
    [
      '/config/upstreams/a/limits/calls',
      { config: { upstreams: { a: { url: 'http://a/mcp', limits: { calls: 0 } } } } },
    ],
    ['/extraUpstreams/a/route', { extraUpstreams: { a: { url: 'http://a/mcp', route: { upstream: 'b' } } } }],
    ['/extraUpstreams/a', { extraUpstreams: { a: { route: { path: '/a' } } } }],
    ['/adminTokens/0/rights/0', { adminTokens: [{ name: 'a', rights: ['all'], secret: { name: 'a', key: 'a' } }] }],
    ['/image/digest', { image: { digest: 'sha256:abc' } }],
    ['/files', { files: { 'sidelight.yaml': '' } }],
  ]
  for (const [path, given] of WRONG) {
    it(`refuse ${JSON.stringify(given)}`, () => {
      assert.ok(faults(given).includes(path), `not at ${path} but at ${faults(given).join(', ')}`)
    })
  }
})

describe('the chart', () => {
  it('has the version of the package', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string }
    const chart = parse(read('helm/sidelight/Chart.yaml')) as Record<string, string>
    assert.deepEqual([chart.version, chart.appVersion], [version, version])
    assert.match(read('helm/sidelight/kustomize/sidecar.yaml'), new RegExp(`image: sidelight:${version}\n`))
  })

  it('holds no copy whose source is gone', () => {
    assert.deepEqual(strayCopies(), [])
  })
})
