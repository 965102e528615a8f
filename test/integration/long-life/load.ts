/** Downstreams that never stop, and judge each answer: whole, properly refused, broken off, or as none may be. */
import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { EVENTS_OF_A_CALL } from './mortal-origin.ts'
import { ask, type End, type OpenResponse } from './stream.ts'

/** Far beyond what any answer may take here. */
const HUNG = 15_000

export type Kind = 'answered' | 'refused' | 'broken'

export interface Load {
  /** How many ended so, so far. */
  readonly counts: Readonly<Record<Kind, number>>
  /** What may not happen. */
  readonly faults: readonly string[]
  /** The load's endless streams that are open now. */
  readonly streaming: number
  /** How those that ended did so. */
  readonly endings: readonly End[]
  stop(): Promise<void>
}

export function load(url: string, { workers, streams }: { workers: number; streams: number }): Load {
  const counts = { answered: 0, refused: 0, broken: 0 }
  const faults: string[] = []
  let running = true
  let streaming = 0
  let last = 0
  const endings: End[] = []
  const open = new Set<OpenResponse>()

  async function patiently<T>(what: string, promise: Promise<T>): Promise<T> {
    const hung = new AbortController()
    const late = pause(HUNG, undefined, { signal: hung.signal }).then(() => assert.fail(`${what} hung`))
    return Promise.race([promise, late.catch(() => promise)]).finally(() => hung.abort())
  }

  async function noting(what: string, one: () => Promise<Kind | undefined>): Promise<void> {
    while (running) {
      try {
        const kind = await one()
        if (kind !== undefined) counts[kind]++
        // As real clients do, and not to fill the machine with refusals.
        await pause(kind === 'answered' ? 1 : 20)
      } catch (error) {
        faults.push(`${what}: ${error instanceof Error ? error.message : error}`)
        await pause(20)
      }
    }
  }

  async function call(name: string, agent: Agent): Promise<Kind> {
    const id = ++last
    const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name } })
    const response = await patiently('a head', ask(url, { body, agent }))
    const end = await patiently('a body', response.ended)
    return judge(id, name, response, end)
  }

  async function listen(agent: Agent): Promise<Kind | undefined> {
    const response = await patiently('a head of a stream', ask(url, { method: 'GET', agent }))
    if (response.status !== 200) {
      await patiently('a refusal', response.ended)
      return judge(null, 'stream', response, 'clean')
    }
    open.add(response)
    streaming++
    endings.push(await response.ended)
    streaming--
    open.delete(response)
    return undefined
  }

  const agent = new Agent({ keepAlive: true })
  const all = [
    ...Array.from({ length: workers }, (_, i) => noting('call', () => call(i % 3 === 0 ? 'stream' : 'json', agent))),
    ...Array.from({ length: streams }, () => noting('stream', () => listen(agent))),
  ]
  return {
    counts,
    faults,
    endings,
    get streaming() {
      return streaming
    },
    async stop() {
      running = false
      for (const stream of open) stream.close()
      await Promise.all(all)
      agent.destroy()
    },
  }
}

/** Throws where an answer is none of the three. */
function judge(id: number | null, name: string, { status, type, text }: OpenResponse, end: string): Kind {
  if (end === 'broken') {
    assert.equal(status, 200, `a refusal was broken off: ${text}`)
    return 'broken'
  }
  if (status !== 200) {
    assert.ok([502, 503, 504].includes(status), `status ${status}: ${text}`)
    assert.match(String(type), /^application\/json/)
    assert.doesNotMatch(text, /127\.0\.0\.1|ECONN/)
    const refusal = JSON.parse(text) as { jsonrpc: string; id: unknown; error: { code: unknown; message: unknown } }
    assert.deepEqual([refusal.jsonrpc, refusal.id], ['2.0', id])
    assert.deepEqual([typeof refusal.error.code, typeof refusal.error.message], ['number', 'string'])
    return 'refused'
  }
  const events = text.split('\n\n').length - 1
  assert.ok(name === 'json' || events === EVENTS_OF_A_CALL, `a stream of ${events} events ended as if it were whole`)
  assert.ok(text.includes(`"result":{"own":${id}}`), `the answer of another, or half of one: ${text}`)
  return 'answered'
}
