/** Which modules of the configuration become interceptors, and what is said of those that cannot. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { type InterceptorLoadError, loadInterceptors, type ModuleSettings } from '../../src/interceptors/load.ts'
import { gateway, inFrontOf } from '../support/gateway.ts'
import { ownModules } from './own-modules.ts'

const settings = (module: string, more: Partial<ModuleSettings> = {}): ModuleSettings => ({
  module,
  name: undefined,
  options: {},
  failOpen: false,
  mutates: false,
  ...more,
})
/** So that every built-in interceptor is there. */
const PUBLIC = { routes: [{ path: '/mcp', upstream: 'upstream', publicUrl: 'https://gateway.example/mcp' }] }
const FINE = `export default ({ name = 'fine' }) => ({ name, onEnd() {} })`

async function loadedFrom(t: TestContext, files: Readonly<Record<string, string>>, ...modules: ModuleSettings[]) {
  const folder = await ownModules(t, files)
  const links = await loadInterceptors(
    modules.map((each) => ({ ...each, module: each.module.replace(/^\.\//, `${folder}/`) })),
    folder,
  )
  return links.map(({ interceptor, name, failOpen, mutates }) => ({ own: interceptor.name, name, failOpen, mutates }))
}

describe('a module that serves', () => {
  it('may be a path, gets its options, and keeps its own name', async (t) => {
    const [link] = await loadedFrom(t, { 'a.mjs': FINE }, settings('./a.mjs', { options: { name: 'mine' } }))
    assert.deepEqual(link, { own: 'mine', name: 'mine', failOpen: false, mutates: false })
  })

  it('may return a promise, be CommonJS, or make an instance of a class', async (t) => {
    const files = {
      'later.mjs': `export default async () => ({ name: 'later', onEnd() {} })`,
      'common.cjs': `module.exports = () => ({ name: 'common', onEnd() {} })`,
      'class.mjs': `class Own { name = 'class'; onRequest() {} }; export default () => new Own()`,
    }
    const links = await loadedFrom(t, files, ...Object.keys(files).map((file) => settings(`./${file}`)))
    assert.deepEqual(
      links.map(({ name }) => name),
      ['later', 'common', 'class'],
    )
  })

  it('may serve twice under two names, even if it makes one frozen object for both', async (t) => {
    const files = { 'a.mjs': `const one = Object.freeze({ name: 'one', onEnd() {} }); export default () => one` }
    const links = await loadedFrom(t, files, settings('./a.mjs'), settings('./a.mjs', { name: 'two', mutates: true }))
    assert.deepEqual(
      links.map(({ name, mutates }) => [name, mutates]),
      [
        ['one', false],
        ['two', true],
      ],
    )
  })

  const packages: readonly (readonly [what: string, name: string, description: object])[] = [
    ['by its main file', 'own-main', { main: 'index.js' }],
    ['that only ES modules may import', 'own-import', { exports: { import: './index.js' } }],
    ['with a scope', '@own/scoped', { exports: './index.js' }],
  ]
  for (const [what, name, description] of packages) {
    it(`may be a package beside the configuration, ${what}`, async (t) => {
      const files = {
        [`node_modules/${name}/package.json`]: JSON.stringify({ name, type: 'module', ...description }),
        [`node_modules/${name}/index.js`]: FINE,
      }
      const [link] = await loadedFrom(t, files, settings(name))
      assert.equal(link?.name, 'fine')
    })
  }

  it('may be a package beside Sidelight, where the configuration has none of that name', async (t) => {
    // Not an interceptor, but found: it exports what is no factory.
    await assert.rejects(loadedFrom(t, {}, settings('yaml')), /yaml must export a function as default/)
  })
})

const BAD: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ['has a syntax error', 'export default function (', /bad\.mjs cannot be loaded: /],
  ['throws as it loads', `throw new Error('no luck')`, /bad\.mjs cannot be loaded: no luck$/],
  ['throws no Error as it loads', `throw 'no luck'`, /bad\.mjs cannot be loaded: no luck$/],
  ['imports what is not there', `import 'not-there-at-all'`, /bad\.mjs cannot be loaded: .*not-there-at-all/],
  ['has no default export', 'export const a = 1', /bad\.mjs must export a function as default/],
  ['exports an object', `export default { name: 'a' }`, /bad\.mjs must export a function as default/],
  ['refuses its options', `export default () => { throw new Error('tool?') }`, /bad\.mjs refused its options: tool\?$/],
  ['refuses them later', `export default async () => { throw 'tool?' }`, /bad\.mjs refused its options: tool\?$/],
  ['makes nothing', 'export default () => undefined', /the factory must return an object/],
  ['makes null', 'export default () => null', /the factory must return an object/],
  ['has no name', 'export default () => ({ onEnd() {} })', /needs a name/],
  ['has a name that is no label', `export default () => ({ name: 'a b', onEnd() {} })`, /needs a name/],
  ['has an endless name', `export default () => ({ name: 'a'.repeat(65), onEnd() {} })`, /needs a name/],
  ['has a phase that is no function', `export default () => ({ name: 'a', onEnd: 7 })`, /a\.onEnd must be a function/],
  [
    'has a phase that is misspelled',
    `export default () => ({ name: 'a', onEnd() {}, onrequest() {} })`,
    /a\.onrequest is no phase: there are onRequest, onResponse, onMessage, onEnd/,
  ],
  [
    'has no phase at all',
    `export default () => ({ name: 'a' })`,
    /a has none of onRequest, onResponse, onMessage, onEnd/,
  ],
]

describe('a module that cannot serve', () => {
  for (const [what, text, message] of BAD) {
    it(`because it ${what}, is named with its place`, async (t) => {
      const loading = loadedFrom(t, { 'a.mjs': FINE, 'bad.mjs': text }, settings('./a.mjs'), settings('./bad.mjs'))
      await assert.rejects(loading, (error: InterceptorLoadError) => {
        assert.deepEqual(
          error.faults.map(({ index }) => index),
          [1],
        )
        assert.match(error.faults[0]?.message ?? '', message)
        return true
      })
    })
  }

  it('because it is nowhere, is named with the place where it was looked for', async (t) => {
    await assert.rejects(loadedFrom(t, {}, settings('not-there')), /not-there cannot be loaded: .*not-there.*own-/)
  })

  it('because its name is taken, is told to take another', async (t) => {
    const twice = loadedFrom(t, { 'a.mjs': FINE }, settings('./a.mjs'), settings('./a.mjs'))
    await assert.rejects(twice, /fine is the name of another interceptor; set "name"/)
  })

  it('because its name is that of a built-in one, whether its own or a given one, is told to take another', async (t) => {
    const files = { 'guard.mjs': `export default () => ({ name: 'guard', onEnd() {} })`, 'a.mjs': FINE }
    const taken = /guard is the name of a built-in interceptor; set "name"/
    await assert.rejects(loadedFrom(t, files, settings('./guard.mjs')), taken)
    await assert.rejects(loadedFrom(t, files, settings('./a.mjs', { name: 'guard' })), taken)
    const [link] = await loadedFrom(t, files, settings('./guard.mjs', { name: 'own_guard' }))
    assert.equal(link?.name, 'own_guard')
  })

  it('because its new name is no label, is refused', async (t) => {
    await assert.rejects(loadedFrom(t, { 'a.mjs': FINE }, settings('./a.mjs', { name: 'a"b' })), /needs a name/)
  })
})

it('no name that the gateway itself shows may be taken', async (t) => {
  const g = await gateway(inFrontOf('http://127.0.0.1:9/mcp', PUBLIC))
  const page = await (await fetch(`${g.adminUrl}/metrics`)).text()
  await g.close()
  const names = new Set([...page.matchAll(/\binterceptor="([^"]+)"/g)].map(([, name]) => name as string))
  assert.ok(names.has('guard') && names.has('access_log') && names.has('public_url'), [...names].join())
  const folder = await ownModules(t, { 'a.mjs': FINE })
  for (const name of names) {
    const loading = loadInterceptors([settings(join(folder, 'a.mjs'), { name })], folder)
    await assert.rejects(loading, /built-in/, name)
  }
})

it('a path with blanks and signs is found', async (t) => {
  const folder = await ownModules(t, { 'a b/ä#1?.mjs': FINE })
  const links = await loadInterceptors([settings(join(folder, 'a b', 'ä#1?.mjs'))], folder)
  assert.equal(links[0]?.interceptor.name, 'fine')
})
