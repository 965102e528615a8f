/** Which settings differ, and which of them can be changed while running. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { changesBetween } from '../../src/reload/changes.ts'
import { loaded } from '../config/load-with.ts'

const config = async (document: unknown) => (await loaded({ yaml: stringify(document) })).config

const FILES = { url: 'http://127.0.0.1:3001/mcp' }
const NOTES = { url: 'http://127.0.0.1:3002/mcp' }

test('the same configuration changes nothing', async () => {
  const document = { upstreams: { files: FILES }, listen: { hosts: ['a', 'b'] } }
  const { applied, needsRestart } = changesBetween(await config(document), await config(document))
  assert.deepEqual([applied, needsRestart], [[], []])
})

test('what traffic is made of can be replaced, down to single settings', async () => {
  const before = await config({
    upstreams: { files: FILES, notes: NOTES },
    routes: [{ path: '/files', upstream: 'files' }],
  })
  const after = await config({
    upstreams: { files: { ...FILES, limits: { calls: 3 } }, more: NOTES },
    routes: [
      { path: '/files', upstream: 'files', passthrough: [] },
      { path: '/more', upstream: 'more' },
    ],
    interceptors: [{ module: 'redact' }],
    sessions: { max: 5 },
    inspection: { namesFor: '2h' },
    drain: { lag: '1s' },
    listen: { hosts: ['a'], origins: ['*'], trustedProxies: ['10.0.0.0/8'] },
    limits: { requestBytes: '1MiB', connections: 7 },
    log: { level: 'warn', levels: { upstream: 'debug' }, access: false, slow: { default: '1s' } },
    reload: { watch: true },
  })
  const { applied, needsRestart, config: result } = changesBetween(before, after)
  assert.deepEqual(needsRestart, [])
  assert.deepEqual([...applied].sort(), [
    'drain.lag',
    'inspection.namesFor',
    'interceptors[0]',
    'limits.connections',
    'limits.requestBytes',
    'listen.hosts',
    'listen.origins',
    'listen.trustedProxies',
    'log.access',
    'log.level',
    'log.levels.upstream',
    'log.slow.default',
    'reload.watch',
    'routes[0].passthrough',
    'routes[1]',
    'sessions.max',
    'upstreams.files.limits.calls',
    'upstreams.more',
    'upstreams.notes',
  ])
  assert.deepEqual(result, after)
})

test('the rest needs a restart, and stays as it is', async () => {
  const before = await config({ upstreams: { files: FILES } })
  const after = await config({
    upstreams: { files: NOTES },
    listen: { host: '127.0.0.2', port: 8081, hosts: ['a'] },
    admin: { port: 9091 },
    limits: { headBytes: '32KiB', connections: 7 },
    log: { level: 'warn', format: 'console' },
    telemetry: { metrics: { views: ['tfo'] } },
  })
  const { applied, needsRestart, config: result } = changesBetween(before, after)
  assert.deepEqual([...applied].sort(), ['limits.connections', 'listen.hosts', 'log.level', 'upstreams.files.url'])
  assert.deepEqual([...needsRestart].sort(), [
    'admin.port',
    'limits.headBytes',
    'listen.host',
    'listen.port',
    'log.format',
    'telemetry.metrics.views',
  ])
  const { listen, admin, limits, log, telemetry, upstreams } = result
  assert.deepEqual([listen.host, listen.port, listen.hosts], ['127.0.0.1', 8080, ['a']])
  assert.deepEqual([admin.port, limits.headBytes, limits.connections], [9090, 16_384, 7])
  assert.deepEqual([log.level, log.format, telemetry.metrics.views], ['warn', 'json', []])
  assert.equal(upstreams.files?.url, NOTES.url)
})

test('a setting that nobody has listed needs a restart', async () => {
  const before = await config({})
  const after = { ...before, novelty: { depth: 3 } }
  const { applied, needsRestart, config: result } = changesBetween(before, after)
  assert.deepEqual([applied, needsRestart], [[], ['novelty']])
  assert.deepEqual(result, before)
})
