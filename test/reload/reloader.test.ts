/** When a configuration is read again, how often, and what is told about it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../src/config/config.ts'
import { ConfigRefusedError } from '../../src/config/errors.ts'
import { InterceptorLoadError } from '../../src/interceptors/load.ts'
import { type ReadConfig, Reloader, type ReloaderOptions } from '../../src/reload/reloader.ts'
import { loaded } from '../config/load-with.ts'

const config = async (level: string): Promise<Config> => (await loaded({ argv: ['--log-level', level] })).config

async function stage(read: ReadConfig, apply?: ReloaderOptions['apply']) {
  let running = await config('info')
  const told: [string, Record<string, unknown>][] = []
  const results: string[] = []
  const say = (level: string) => (fields: object) => void told.push([level, { ...fields }])
  const reloader = new Reloader({
    read,
    running: () => running,
    apply:
      apply ??
      (async (changes) => {
        running = changes.config
        return { applied: [], needsRestart: [], warnings: [] }
      }),
    meter: ({ result }) => results.push(result),
    logger: { info: say('info'), warn: say('warn'), error: say('error') },
  })
  return { reloader, told, results, level: () => running.log.level }
}

test('what was read is applied, counted and told', async () => {
  const after = { config: await config('warn'), warnings: ['beware'] }
  const { reloader, told, results, level } = await stage(async () => after)
  assert.deepEqual(await reloader.reload('signal'), {
    result: 'applied',
    applied: ['log.level'],
    needsRestart: [],
    warnings: ['beware'],
  })
  assert.equal(level(), 'warn')
  assert.equal((await reloader.reload('signal')).result, 'unchanged')
  assert.deepEqual(results, ['applied', 'unchanged'])
  assert.deepEqual(told[0], ['info', { trigger: 'signal', applied: ['log.level'], warnings: ['beware'] }])
})

test('what needs a restart is told as a warning', async () => {
  const after = await config('warn')
  const { reloader, told } = await stage(async () => ({
    config: { ...after, listen: { ...after.listen, port: 1 } },
    warnings: [],
  }))
  await reloader.reload('file')
  assert.deepEqual(told, [['warn', { trigger: 'file', applied: ['log.level'], needs_restart: ['listen.port'] }]])
})

test('every error of a refused configuration is told, and nothing is applied', async () => {
  const errors = [
    { path: 'a', message: 'is wrong', hint: undefined },
    { path: 'b', message: 'is wrong too', hint: 'do better' },
  ]
  let applied = 0
  const { reloader, told, results } = await stage(
    async () => ({ errors }),
    async () => {
      applied++
      return { applied: [], needsRestart: [], warnings: [] }
    },
  )
  assert.deepEqual(await reloader.reload('request'), { result: 'refused', errors })
  assert.deepEqual([applied, results, told], [0, ['refused'], [['error', { trigger: 'request', errors }]]])
})

test('what fails while it is applied is refused by its reasons', async () => {
  const reasons = [
    new ConfigRefusedError([{ path: 'x', message: 'does not fit', hint: undefined }]),
    new InterceptorLoadError([{ index: 2, message: 'no such module' }]),
    new Error('something else'),
  ]
  const after = { config: await config('warn'), warnings: [] }
  const { reloader } = await stage(
    async () => after,
    async () => {
      throw reasons.shift()
    },
  )
  const paths = []
  for (let i = 0; i < 3; i++) {
    const report = await reloader.reload('signal')
    paths.push(report.result === 'refused' ? `${report.errors[0]?.path}: ${report.errors[0]?.message}` : report.result)
  }
  assert.deepEqual(paths, [
    'x: does not fit',
    'interceptors[2].module: no such module',
    'configuration: cannot be applied: something else',
  ])
})

test('those who ask while one runs share the next one, which reads what is there then', async () => {
  const levels = ['warn', 'error', 'debug']
  let reads = 0
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const { reloader, level } = await stage(async () => {
    const next = levels[reads++] ?? 'trace'
    if (reads === 1) await held
    return { config: await config(next), warnings: [] }
  })
  const first = reloader.reload('signal')
  // Lets it begin to read.
  await new Promise(setImmediate)
  const others = [reloader.reload('request'), reloader.reload('file'), reloader.reload('signal')]
  release()
  await first
  await Promise.all(others)
  assert.equal(reads, 2)
  assert.equal(level(), 'error')
  await reloader.reload('signal')
  assert.equal(reads, 3)
})
