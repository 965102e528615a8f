/** Profiles of a gateway under load: that they can be read, find what runs, and are taken one at a time. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { AdminFault } from '../../src/admin/fault.ts'
import { Profiler } from '../../src/admin/profiler.ts'
import { type GatewayProcess, gatewayProcess, inFrontOf } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type RawOrigin, rawOrigin } from '../support/raw-origin.ts'
import { type Answer, ask } from './ask.ts'
import { readProfile } from './profile-reading.ts'

/** Calls until it is stopped, some at once. */
function load(url: string): () => Promise<void> {
  let running = true
  const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{}}}'
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const workers = Array.from({ length: 4 }, async () => {
    while (running) await (await fetch(`${url}/mcp`, { method: 'POST', headers, body })).text()
  })
  return async () => {
    running = false
    await Promise.all(workers)
  }
}

/** Begins a profile of half a minute, and resolves with its answer once another, shorter one is refused for it. */
async function long(url: string, signal?: AbortSignal): Promise<{ begun: Answer; ended: Promise<Answer> }> {
  const ended = (async () => {
    for (;;) {
      const answer = await ask(url, '/debug/pprof/profile?seconds=30', signal && { signal })
      if (answer.status !== 409) return answer
    }
  })()
  ended.catch(() => {})
  const begun = await settles(
    async () => {
      const answer = await ask(url, '/debug/pprof/heap?seconds=0')
      return answer.status === 409 ? answer : undefined
    },
    { every: 50 },
  )
  return { begun: begun as Answer, ended }
}

describe('a profile', () => {
  let origin: RawOrigin
  let g: GatewayProcess
  const start = (profiles: object) =>
    gatewayProcess([], { settings: inFrontOf(`${origin.url}/mcp`, { admin: { profiles }, drain: { lag: 0 } }) })
  before(async () => {
    origin = await rawOrigin()
    g = await start({ pause: 0, longest: '30s' })
  })
  after(async () => {
    await g?.close()
    await origin.close()
  })

  it('of the processor finds the functions of the gateway that spend its time', async (t) => {
    t.after(load(g.url))
    const answer = await ask(g.adminUrl, '/debug/pprof/profile?seconds=2')
    assert.equal(answer.status, 200, answer.text.slice(0, 200))
    assert.equal(answer.headers['content-type'], 'application/octet-stream')
    assert.match(String(answer.headers['content-disposition']), /profile\.pb\.gz/)
    const profile = readProfile(answer.body)
    // The last one is what readers show unless told otherwise.
    assert.deepEqual(profile.types, ['sample count', 'wall nanoseconds', 'cpu nanoseconds'])
    const cpu = profile.byFile('cpu nanoseconds')
    const ours = [...cpu].filter(([file, spent]) => /\/src\/(listener|upstream|exchange)\//.test(file) && spent > 0)
    assert.ok(ours.length >= 3, [...cpu.keys()].join('\n'))
    assert.ok(profile.functions('/src/').some((name) => /take|onRequest|start|onResponse/.test(name)))
  })

  it('of memory is taken of what was allocated since the first one, and then at once', async (t) => {
    t.after(load(g.url))
    const first = await ask(g.adminUrl, '/debug/pprof/heap?seconds=2')
    assert.equal(first.status, 200, first.text.slice(0, 200))
    assert.deepEqual(readProfile(first.body).types, ['inuse_objects count', 'inuse_space bytes'])
    assert.equal((await ask(g.adminUrl, '/debug/pprof/')).json().heap_sampled, true)
    const at = performance.now()
    const next = await ask(g.adminUrl, '/debug/pprof/heap')
    // The first one would take ten.
    assert.ok(performance.now() - at < 5_000)
    const space = readProfile(next.body).byFile('inuse_space bytes')
    assert.ok([...space.values()].some((bytes) => bytes > 0))
    assert.equal((await ask(g.adminUrl, '/debug/pprof/heap', { method: 'DELETE' })).status, 204)
    assert.equal((await ask(g.adminUrl, '/debug/pprof/')).json().heap_sampled, false)
  })

  it('is refused while another is taken, and ends at once when nobody waits for it', async () => {
    const leaving = new AbortController()
    const { begun, ended } = await long(g.adminUrl, leaving.signal)
    assert.equal(begun.json().error, 'busy')
    const wait = Number(begun.headers['retry-after'])
    assert.ok(wait > 15 && wait <= 30, String(wait))
    leaving.abort()
    await assert.rejects(ended)
    await settles(async () => (await ask(g.adminUrl, '/debug/pprof/heap?seconds=0')).status === 200)
    assert.equal((await ask(g.adminUrl, '/debug/pprof/profile?seconds=1')).status, 200)
  })

  it('of memory leaves nothing on when nobody waits for the first one', async () => {
    const sampled = async () => (await ask(g.adminUrl, '/debug/pprof/')).json().heap_sampled
    await ask(g.adminUrl, '/debug/pprof/heap', { method: 'DELETE' })
    const leaving = new AbortController()
    const ended = ask(g.adminUrl, '/debug/pprof/heap?seconds=30', { signal: leaving.signal })
    ended.catch(() => {})
    await settles(async () => (await sampled()) === true)
    leaving.abort()
    await assert.rejects(ended)
    await settles(async () => (await sampled()) === false)
    assert.equal((await ask(g.adminUrl, '/debug/pprof/heap?seconds=1')).status, 200)
    assert.equal(await sampled(), true)
  })

  it('is as long as it may be, and no longer', async () => {
    for (const query of ['seconds=31', 'seconds=0', 'seconds=x', 'seconds=-1', 'seconds=1.5', 'seconds=1&seconds=2']) {
      const answer = await ask(g.adminUrl, `/debug/pprof/profile?${query}`)
      assert.deepEqual([answer.status, answer.json().error], [400, 'bad_request'], query)
    }
    const head = await ask(g.adminUrl, '/debug/pprof/profile', { method: 'HEAD' })
    assert.deepEqual([head.status, head.headers['content-type']], [200, 'application/octet-stream'])
    const index = (await ask(g.adminUrl, '/debug/pprof')).json()
    assert.equal(index.longest_seconds, 30)
  })

  it('has to wait after another one', async () => {
    const patient = await start({ pause: '1m' })
    try {
      assert.equal((await ask(patient.adminUrl, '/debug/pprof/heap?seconds=0')).status, 200)
      const soon = await ask(patient.adminUrl, '/debug/pprof/profile')
      assert.deepEqual([soon.status, soon.json().error], [429, 'too_soon'])
      const wait = Number(soon.headers['retry-after'])
      assert.ok(wait > 30 && wait <= 60, String(wait))
    } finally {
      await patient.close()
    }
  })

  it('ends when the gateway drains, which the profile does not hold up', async () => {
    const draining = await start({ pause: 0 })
    try {
      const { ended } = await long(draining.adminUrl)
      assert.equal((await ask(draining.adminUrl, '/drain', { method: 'POST' })).status, 202)
      const answer = await ended
      assert.deepEqual([answer.status, answer.json().error], [503, 'draining'])
      assert.equal(await draining.exited, 0)
      assert.ok(draining.log.some(({ msg, reason }) => msg === 'draining' && reason === 'POST /drain'))
    } finally {
      await draining.close()
    }
  })
})

describe('without a profiler for the platform', () => {
  it('a profile is 501, with what is missing', async () => {
    const draining = new AbortController().signal
    const missing = () => Promise.reject(new Error('No native build was found'))
    const profiler = new Profiler({ pause: 60_000, draining, load: missing })
    for (const take of [() => profiler.cpu(1, draining), () => profiler.heap(1, draining)])
      await assert.rejects(take, (error) => {
        assert.ok(error instanceof AdminFault)
        assert.deepEqual([error.status, error.code], [501, 'profiler_missing'])
        assert.match(error.message, new RegExp(`@datadog/pprof, cannot be loaded here \\(${process.platform} `))
        return true
      })
    assert.equal(profiler.heapSampled, false)
  })
})
