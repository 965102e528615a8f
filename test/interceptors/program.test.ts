/** Interceptors of a configuration in the real program: the documented example, bad modules, and faults behind its back. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gatewayProcess } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { sdkClient } from '../support/sdk-client.ts'
import { ownModules } from './own-modules.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

describe('the program', { concurrency: 2, timeout: 60_000 }, () => {
  it('runs the documented example as it is, for an SDK client', async (t) => {
    const g = await gatewayProcess(['--config', join(ROOT, 'docs/examples/sidelight.yaml')])
    t.after(() => g.close())
    const { call, end, client } = await sdkClient(`${g.url}/mcp`)
    assert.deepEqual((await call('echo', { message: 'hello' })).content, [{ type: 'text', text: 'hello' }])
    await assert.rejects(call('error_test'), /The tool error_test is not allowed here/)
    assert.ok((await client.listTools()).tools.length > 0, 'other methods pass')
    await end()

    const response = await fetch(`${g.url}/mcp`, { method: 'DELETE', headers: { 'mcp-session-id': 'none' } })
    assert.equal(response.headers.get('x-tool-policy'), 'deny error_test')
    const count = (action: string) => g.metric('mcp_interceptor_actions_total', { interceptor: 'deny_tool', action })
    await settles(async () => (await count('modify')) > 0)
    assert.equal(await count('refuse'), 1)
    assert.ok((await count('continue')) >= 4)
    for (const phase of ['request', 'response']) {
      const labels = { interceptor: 'deny_tool', phase }
      assert.ok((await g.metric('mcp_interceptor_duration_seconds_count', labels)) >= 4, phase)
    }
    assert.equal(await g.metric('mcp_interceptor_errors_total', { interceptor: 'deny_tool' }), 0)
    const refused = () => g.log.filter(({ outcome }) => outcome === 'refused')
    await settles(() => refused().length > 0)
    assert.deepEqual(
      refused().map((line) => line['error.type']),
      ['refused'],
    )
  })

  it('finds a package beside its configuration, and gives it the name that is written there', async (t) => {
    const folder = await ownModules(t, {
      'node_modules/own/package.json': '{"name":"own","type":"module","exports":{"import":"./own.js"}}',
      'node_modules/own/own.js': `export default () => ({ name: 'own', onResponse(x, head) { head.set('x-own', 'yes') } })`,
      'sidelight.yaml': 'interceptors: [{ module: own, name: renamed }]',
    })
    const g = await gatewayProcess(['--config', join(folder, 'sidelight.yaml'), '--upstream', 'http://127.0.0.1:9/mcp'])
    t.after(() => g.close())
    // Nobody listens there; the request phase has none, so that only the count below can tell that it is here.
    assert.equal((await fetch(`${g.url}/mcp`, { method: 'POST', body: '{}' })).status, 502)
    const page = await (await fetch(`${g.adminUrl}/metrics`)).text()
    assert.match(page, /mcp_interceptor_duration_seconds_count\{interceptor="renamed",phase="response"\} 0/)
    assert.doesNotMatch(page, /interceptor="own"/)
  })

  it('ends with 64 and says which modules are bad, and where to read on', async (t) => {
    const folder = await ownModules(t, {
      'fine.mjs': `export default () => ({ name: 'fine', onEnd() {} })`,
      'bad.mjs': 'export const nothing = 1',
      'sidelight.yaml': 'interceptors: [{ module: ./fine.mjs }, { module: ./bad.mjs }, { module: not-there }]',
    })
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      [join(ROOT, 'src/main.ts'), '--config', 'sidelight.yaml', '--port', '0', '--admin-port', '0'],
      { cwd: folder, encoding: 'utf8', timeout: 20_000 },
    )
    assert.equal(status, 64)
    assert.match(stderr, /interceptors\[1\]\.module\n +\S+bad\.mjs must export a function as default/)
    assert.match(stderr, /interceptors\[2\]\.module\n +not-there cannot be loaded: /)
    assert.match(stderr, /see docs\/interceptors\.md/)
    assert.doesNotMatch(stderr, /\n {4}at /, 'no stack')
    assert.doesNotMatch(stdout, /"listening"/)
  })

  it('survives what its interceptors throw behind its back, and tells it', async (t) => {
    const folder = await ownModules(t, {
      'wild.mjs': `export default () => ({
        name: 'wild',
        onRequest() {
          setTimeout(() => { throw new Error('in a timer') })
          Promise.reject(new Error('floating'))
        },
        async onEnd() { throw new Error('too late') },
      })`,
    })
    const g = await gatewayProcess([], { settings: { interceptors: [{ module: join(folder, 'wild.mjs') }] } })
    t.after(() => g.close())
    const ask = () => fetch(`${g.url}/mcp`, { method: 'DELETE', headers: { 'mcp-session-id': 'none' } })
    const { status } = await ask()
    const told = (text: string) => g.log.filter((line) => JSON.stringify(line).includes(text)).length
    for (const text of ['in a timer', 'floating', 'too late']) {
      await settles(() => told(text) === 1, { what: `the log line of "${text}"` })
    }
    assert.equal((await ask()).status, status, 'traffic goes on')
    assert.equal(g.child.exitCode, null)
    assert.equal(await g.metric('mcp_interceptor_errors_total', { interceptor: 'wild', error_type: 'Error' }), 2)
  })
})
