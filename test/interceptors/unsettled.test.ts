/** Modules whose top-level await or whose factory never settles: an error that names them, and no wait for ever. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { InterceptorLoadError, type LoadedLink, loadInterceptors } from '../../src/interceptors/load.ts'
import { Modules } from '../../src/interceptors/modules.ts'
import { settles } from '../support/measure.ts'
import { ownModules } from './own-modules.ts'

const FINE = `export default () => ({ name: 'fine', onEnd() {} })\n`
const NEVER = 'await new Promise(() => {})\n'
/** Milliseconds: enough for what settles, on a busy machine too. */
const LIMIT = 500

const entry = (module: string) => ({ module, name: undefined, options: {}, failOpen: false, mutates: false })

/** Loads from one folder again and again, as a gateway does. */
async function stage(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = await ownModules(t, files)
  const modules = new Modules(folder)
  const load = (...names: string[]): Promise<LoadedLink[]> =>
    loadInterceptors(
      names.map((name) => entry(name.endsWith('.mjs') ? join(folder, name) : name)),
      modules,
      [],
      LIMIT,
    )
  const faults = async (...names: string[]) => {
    const error = await load(...names).then(() => assert.fail('it was loaded'), asLoadError)
    return error.faults.map(({ index, message }) => [index, message.replaceAll(`${folder}/`, '')])
  }
  return { folder, load, faults, write: (name: string, text: string) => writeFileSync(join(folder, name), text) }
}

function asLoadError(error: unknown): InterceptorLoadError {
  if (error instanceof InterceptorLoadError) return error
  throw error
}

const UNLOADED =
  'did not finish loading within 0.5 s: look for a top-level await that never settles, in it or in what it imports'

describe('a module that never settles', () => {
  it('by its own top-level await, or that of what it imports, is named beside others that are at fault', async (t) => {
    const { faults } = await stage(t, {
      'stuck.mjs': NEVER + FINE,
      'fine.mjs': FINE,
      'imports.mjs': `import './deep.mjs'\n${FINE}`,
      'deep.mjs': NEVER,
      'bad.mjs': 'export const nothing = 1',
    })
    assert.deepEqual(await faults('stuck.mjs', 'fine.mjs', 'imports.mjs', 'bad.mjs'), [
      [0, `stuck.mjs ${UNLOADED}`],
      [2, `imports.mjs ${UNLOADED}`],
      [3, 'bad.mjs must export a function as default that returns an interceptor'],
    ])
  })

  it('is named if it is a package, and leaves nothing behind that another package would meet', async (t) => {
    const description = (name: string) => JSON.stringify({ name, type: 'module', exports: './index.js' })
    const { faults, load } = await stage(t, {
      'node_modules/own-stuck/package.json': description('own-stuck'),
      'node_modules/own-stuck/index.js': NEVER + FINE,
      'node_modules/own-fine/package.json': description('own-fine'),
      'node_modules/own-fine/index.js': FINE,
    })
    for (let time = 0; time < 2; time++) assert.deepEqual(await faults('own-stuck'), [[0, `own-stuck ${UNLOADED}`]])
    assert.equal((await load('own-fine'))[0]?.name, 'fine')
  })

  it('or that fails, sooner or later, is run anew at the next time, though nobody has changed it', async (t) => {
    const { faults, load } = await stage(t, {
      'late.mjs': `globalThis.failedLate = (globalThis.failedLate ?? 0) + 1
        if (globalThis.failedLate === 1) {
          await new Promise((resolve) => setTimeout(resolve, ${LIMIT + 200}))
          throw new Error('not there yet')
        }
        ${FINE}`,
      'soon.mjs': `globalThis.failedSoon = (globalThis.failedSoon ?? 0) + 1
        if (globalThis.failedSoon === 1) throw new Error('not there yet')
        ${FINE}`,
    })
    assert.deepEqual(await faults('late.mjs', 'soon.mjs'), [
      [0, `late.mjs ${UNLOADED}`],
      [1, 'soon.mjs cannot be loaded: not there yet'],
    ])
    await delay(400)
    assert.equal((await load('late.mjs'))[0]?.name, 'fine')
    assert.equal((await load('soon.mjs'))[0]?.name, 'fine')
  })

  it('by the promise of its factory is named, and asked again at the next time', async (t) => {
    const { faults, load } = await stage(t, {
      'a.mjs': `let calls = 0
        export default () => ++calls === 1 ? new Promise(() => {}) : { name: 'later', onEnd() {} }`,
    })
    const words = 'did not make its interceptor within 0.5 s: look for a promise in its factory that never settles'
    assert.deepEqual(await faults('a.mjs'), [[0, `a.mjs ${words}`]])
    assert.equal((await load('a.mjs'))[0]?.name, 'later')
  })

  it('is loaded once its file is mended', async (t) => {
    const { faults, load, write } = await stage(t, { 'a.mjs': NEVER + FINE })
    assert.equal((await faults('a.mjs')).length, 1)
    write('a.mjs', FINE)
    assert.equal((await load('a.mjs'))[0]?.name, 'fine')
  })

  it('is run anew from the same file, so that what it waited for may have come', async (t) => {
    const { faults, load, write } = await stage(t, {
      'a.mjs': `import { existsSync } from 'node:fs'
        if (!existsSync(new URL('./there', import.meta.url))) await new Promise(() => {})
        ${FINE}`,
    })
    for (let time = 0; time < 2; time++) assert.equal((await faults('a.mjs')).length, 1)
    write('there', '')
    assert.equal((await load('a.mjs'))[0]?.name, 'fine')
  })
})

describe('a module that settles too late', () => {
  const LATE = `globalThis.lateRuns = (globalThis.lateRuns ?? 0) + 1
    await new Promise((resolve, reject) => { globalThis.late = { resolve, reject } })
    globalThis.lateDone = true
    ${FINE}`
  const seen = globalThis as unknown as {
    lateRuns: number
    lateDone: boolean
    late: { resolve(): void; reject(error: Error): void }
  }

  it('is there at the next time, without being run again', async (t) => {
    const { faults, load } = await stage(t, { 'a.mjs': LATE })
    assert.equal((await faults('a.mjs')).length, 1)
    seen.late.resolve()
    await settles(() => seen.lateDone)
    assert.equal((await load('a.mjs'))[0]?.name, 'fine')
    assert.equal(seen.lateRuns, 1)
  })

  it('with an error leaves no rejection that nobody handles', async (t) => {
    let unhandled = 0
    const count = () => unhandled++
    process.on('unhandledRejection', count)
    t.after(() => process.off('unhandledRejection', count))
    const { faults } = await stage(t, { 'a.mjs': LATE })
    assert.equal((await faults('a.mjs')).length, 1)
    seen.late.reject(new Error('too late'))
    // Node looks for those that nobody handles after each turn.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    assert.equal(unhandled, 0)
    assert.deepEqual(await faults('a.mjs'), [[0, `a.mjs ${UNLOADED}`]], 'it is run anew')
  })
})

describe('the limit', () => {
  /** Loads in a process of its own, in which nothing else is to be done. */
  async function alone(t: TestContext, text: string, more: string) {
    const folder = await ownModules(t, { 'a.mjs': text })
    const load = new URL('../../src/interceptors/load.ts', import.meta.url).href
    const code = `import { loadInterceptors } from ${JSON.stringify(load)}
      const entries = [${JSON.stringify(entry(join(folder, 'a.mjs')))}]
      loadInterceptors(entries, ${JSON.stringify(folder)}, ${more})
        .then(([link]) => console.log(link.name), (error) => console.log(error.message))`
    const args = ['--input-type=module', '--eval', code]
    // Shorter than the limit that holds unless another is given.
    const { stdout, error } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 })
    assert.equal(error, undefined)
    return stdout
  }

  it('keeps no process once the module is loaded', async (t) => {
    assert.equal(await alone(t, FINE, 'undefined'), 'fine\n')
  })

  it('keeps a process that starts until it has said what is wrong', async (t) => {
    assert.match(await alone(t, NEVER + FINE, 'undefined, 300'), /a\.mjs did not finish loading within 0\.3 s/)
  })

  it('keeps no process that ends during a reload', async (t) => {
    assert.equal(await alone(t, NEVER + FINE, '[]'), '')
  })
})
