/** The chain of interceptors: their order, what each may do, and what becomes of those that fail. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { GatewayError } from '../../src/errors.ts'
import type { Interceptor, Verdict } from '../../src/exchange/interceptor.ts'
import { exchange, link, logging, noted, responseHead } from './chain-parts.ts'

const ORDER = [
  ...['request a', 'request b', 'request c'],
  ...['response c', 'response b', 'response a'],
  ...['end c', 'end b', 'end a'],
]

describe('the order of a chain', () => {
  for (let kinds = 0; kinds < 8; kinds++) {
    const later = (bit: number) => (kinds & (1 << bit)) > 0
    const named = ['a', 'b', 'c'].map((name, i) => (later(i) ? `${name} async` : name)).join(', ')
    it(`is first to last for requests, last to first for responses and ends: ${named}`, async () => {
      const log: string[] = []
      const { chain } = noted(...['a', 'b', 'c'].map((name, i) => link(logging(name, log, later(i)))))
      const x = exchange()
      assert.equal(await chain.request(x), undefined)
      assert.equal(await chain.response(x, responseHead()), undefined)
      chain.end(x)
      assert.deepEqual(log, ORDER)
    })
  }

  it('waits for each promise before the next interceptor begins', async () => {
    const log: string[] = []
    const slow: Interceptor = {
      name: 'slow',
      onRequest: async () => {
        log.push('slow begins')
        await new Promise((resolve) => setImmediate(resolve))
        log.push('slow ends')
        return undefined
      },
    }
    const { chain } = noted(link(slow), link(logging('next', log)))
    await chain.request(exchange())
    assert.deepEqual(log, ['slow begins', 'slow ends', 'request next'])
  })

  it('passes over phases that are missing, and times and counts none of them', () => {
    const { chain, actions, timings } = noted(
      link({ name: 'requests', onRequest: () => undefined }),
      link({ name: 'nothing' }),
      link({ name: 'responses', onResponse: () => undefined }),
      link({ name: 'ends', onEnd: () => undefined }),
    )
    const x = exchange()
    chain.request(x)
    chain.response(x, responseHead())
    chain.end(x)
    assert.deepEqual(timings, ['requests request', 'responses response', 'ends end'])
    assert.deepEqual(actions, ['requests request continue', 'responses response continue'])
  })

  it('costs no promise while no interceptor returns one', () => {
    const answer: Verdict = { action: 'answer', status: 200 }
    const { chain } = noted(link(logging('a', [])), link(logging('b', [])))
    assert.equal(chain.request(exchange()), undefined)
    assert.equal(chain.response(exchange(), responseHead()), undefined)
    const early = noted(link({ name: 'a', onRequest: () => answer }))
    assert.equal(early.chain.request(exchange()), answer)
  })

  it('keeps what an interceptor knows as `this`', () => {
    class Counting implements Interceptor {
      readonly name = 'counting'
      #seen = 0
      onRequest() {
        this.#seen++
        return undefined
      }
      get seen() {
        return this.#seen
      }
    }
    const counting = new Counting()
    noted(link(counting)).chain.request(exchange())
    assert.equal(counting.seen, 1)
  })

  it('stops where the exchange ended meanwhile: nothing begins after the end phase', async () => {
    const log: string[] = []
    let go = () => {}
    const held = new Promise<undefined>((resolve) => {
      go = () => resolve(undefined)
    })
    const waiting: Interceptor = { name: 'waiting', onRequest: () => held, onResponse: () => held }
    const { chain } = noted(link(logging('before', log)), link(waiting), link(logging('after', log)))
    const x = exchange()
    const phases = [chain.request(x), chain.response(x, responseHead())]
    x.endedAt = performance.now()
    chain.end(x)
    log.push('ended')
    go()
    await Promise.all(phases)
    assert.equal(log.at(-1), 'ended')
  })
})

const VERDICTS: readonly Verdict[] = [
  { action: 'answer', status: 204 },
  { action: 'answer', status: 418, headers: { 'x-a': 'b' }, body: Buffer.from('x') },
  { action: 'refuse' },
  { action: 'refuse', code: 'queue_full', status: 429, message: 'later' },
]

describe('a verdict', () => {
  for (const [i, verdict] of VERDICTS.entries()) {
    for (const later of [false, true]) {
      it(`${JSON.stringify(verdict)} ends the request phase${later ? ', also by a promise' : ''}`, async () => {
        const log: string[] = []
        const says: Interceptor = { name: 'says', onRequest: () => (later ? Promise.resolve(verdict) : verdict) }
        const { chain, actions } = noted(link(logging('a', log)), link(says), link(logging('c', log)))
        const x = exchange()
        assert.equal(await chain.request(x), verdict)
        chain.end(x)
        assert.deepEqual(log, ['request a', 'end c', 'end a'], 'c does not see the request, and all see the end')
        assert.deepEqual(actions, ['a request continue', `says request ${VERDICTS[i]?.action}`])
      })
    }
  }

  const wrong: readonly (readonly [what: string, returned: unknown])[] = [
    ['null', null],
    ['true', true],
    ['an unknown action', { action: 'deny' }],
    ['an answer without a status', { action: 'answer' }],
    ['an answer with an interim status', { action: 'answer', status: 100 }],
    ['an answer with a status that is no number', { action: 'answer', status: '200' }],
    ['an answer with an object as body', { action: 'answer', status: 200, body: { a: 1 } }],
    ['an answer with two lines in a header', { action: 'answer', status: 200, headers: { a: 'b\r\nc: d' } }],
    ['an answer with a length of its own', { action: 'answer', status: 200, headers: { 'Content-Length': '7' } }],
    ['a refusal with an unknown code', { action: 'refuse', code: 'nonsense' }],
    ['a refusal with a code of Object.prototype', { action: 'refuse', code: 'toString' }],
    ['a refusal with 404, which means that a session is gone', { action: 'refuse', status: 404 }],
    ['a refusal with 200', { action: 'refuse', status: 200 }],
    ['a refusal with a message that is no text', { action: 'refuse', message: 7 }],
  ]
  for (const [what, returned] of wrong) {
    for (const later of [false, true]) {
      it(`is not ${what}${later ? ', by a promise' : ''}: the interceptor has failed`, async () => {
        const onRequest = () => (later ? Promise.resolve(returned) : returned) as Verdict
        const { chain, errors } = noted(link({ name: 'odd', onRequest }))
        await assert.rejects(async () => chain.request(exchange()), { code: 'interceptor_failed' })
        assert.equal(errors.length, 1)
      })
    }
  }
})

describe('an interceptor that changes', () => {
  const modified = (interceptor: Interceptor, mutates = false) => {
    const made = noted(link(interceptor, { mutates }))
    const x = exchange('{}')
    const head = responseHead()
    return { ...made, x, head }
  }

  it('a header for the upstream is counted as modify, and the next one is not', () => {
    const set: Interceptor = {
      name: 'set',
      onRequest: (x) => {
        x.setUpstreamHeader('X-Tenant', 'a')
        return undefined
      },
    }
    const { chain, actions } = noted(link(set), link({ name: 'next', onRequest: () => undefined }))
    chain.request(exchange())
    assert.deepEqual(actions, ['set request modify', 'next request continue'])
  })

  for (const [what, change] of [
    ['sets a header', (head: ReturnType<typeof responseHead>) => head.set('x-a', '1')],
    ['removes a header', (head: ReturnType<typeof responseHead>) => head.remove('CONTENT-TYPE')],
    [
      'sets the status',
      (head: ReturnType<typeof responseHead>) => {
        head.status = 201
      },
    ],
  ] as const) {
    it(`the response is counted as modify where it ${what}, at once or later`, async () => {
      for (const later of [false, true]) {
        const { chain, actions, x, head } = modified({
          name: 'm',
          onResponse: (_x, given) => {
            if (later) return Promise.resolve().then(() => void change(given) as undefined)
            change(given)
            return undefined
          },
        })
        await chain.response(x, head)
        assert.deepEqual(actions, ['m response modify'])
      }
    })
  }

  it('nothing by removing what is not there', () => {
    const { chain, actions, x, head } = modified({
      name: 'm',
      onResponse: (_x, given) => {
        given.remove('x-none')
        return undefined
      },
    })
    chain.response(x, head)
    assert.deepEqual(actions, ['m response continue'])
  })

  it('the body needs leave: with it the body is the new one, without it the old one and the exchange fails', async () => {
    for (const later of [false, true]) {
      const replaces: Interceptor = {
        name: 'replaces',
        onRequest: (x) => {
          x.replaceBody(Buffer.from('new'))
          return later ? Promise.resolve(undefined) : undefined
        },
      }
      const allowed = modified(replaces, true)
      await allowed.chain.request(allowed.x)
      assert.deepEqual([allowed.x.body.toString(), ...allowed.actions], ['new', 'replaces request modify'])

      const forbidden = modified(replaces)
      await assert.rejects(async () => forbidden.chain.request(forbidden.x), { code: 'interceptor_failed' })
      assert.equal(forbidden.x.body.toString(), '{}')
      assert.deepEqual(forbidden.actions, ['replaces request error'])
      assert.deepEqual(forbidden.errors, ['replaces request TypeError'])
      assert.deepEqual(forbidden.timings, ['replaces request'], 'timed once')
    }
  })
})

describe('an interceptor that throws', () => {
  class Own extends Error {
    override readonly name = 'Own'
  }
  const thrown: readonly (readonly [what: string, error: unknown, type: string])[] = [
    ['an Error', new Own('no'), 'Own'],
    ['an Error with a code', Object.assign(new Error('no'), { code: 'E_OWN' }), 'E_OWN'],
    ['a text', 'no', 'thrown_value'],
  ]
  const throwing = (error: unknown, later: boolean) => (): undefined | Promise<undefined> => {
    if (later) return Promise.reject(error)
    throw error
  }

  for (const [what, error, type] of thrown) {
    for (const later of [false, true]) {
      const how = `${what}${later ? ', later' : ''}`
      for (const phase of ['request', 'response'] as const) {
        const bad: Interceptor =
          phase === 'request'
            ? { name: 'bad', onRequest: throwing(error, later) }
            : { name: 'bad', onResponse: throwing(error, later) }

        it(`${how}, fails the exchange in the ${phase} phase, and is counted, timed and told once`, async () => {
          const log: string[] = []
          // Whichever way the phase runs, one comes before and one after.
          const { chain, actions, errors, timings, faults } = noted(
            link(logging('a', log)),
            link(bad),
            link(logging('c', log)),
          )
          const x = exchange()
          const run = async () => (phase === 'request' ? chain.request(x) : chain.response(x, responseHead()))
          await assert.rejects(run, (failure) => {
            assert.ok(failure instanceof GatewayError)
            assert.deepEqual([failure.code, failure.cause], ['interceptor_failed', error])
            return true
          })
          const first = phase === 'request' ? 'a' : 'c'
          assert.deepEqual(log, [`${phase} ${first}`])
          assert.deepEqual(actions, [`${first} ${phase} continue`, `bad ${phase} error`])
          assert.deepEqual(errors, [`bad ${phase} ${type}`])
          assert.deepEqual(timings, [`${first} ${phase}`, `bad ${phase}`])
          assert.deepEqual(faults, [`bad ${phase} no`])
        })

        it(`${how}, is passed over in the ${phase} phase with failOpen, and counted all the same`, async () => {
          const log: string[] = []
          const { chain, actions, errors, timings } = noted(
            link(logging('a', log)),
            link(bad, { failOpen: true }),
            link(logging('c', log)),
          )
          const x = exchange()
          const result = phase === 'request' ? chain.request(x) : chain.response(x, responseHead())
          assert.equal(await result, undefined)
          const [first, last] = phase === 'request' ? ['a', 'c'] : ['c', 'a']
          assert.deepEqual(log, [`${phase} ${first}`, `${phase} ${last}`])
          assert.deepEqual(actions, [`${first} ${phase} continue`, `bad ${phase} error`, `${last} ${phase} continue`])
          assert.deepEqual(errors, [`bad ${phase} ${type}`])
          assert.deepEqual(timings, [`${first} ${phase}`, `bad ${phase}`, `${last} ${phase}`])
        })
      }

      it(`${how}, in the end phase keeps no other from it`, async () => {
        const log: string[] = []
        const bad: Interceptor = { name: 'bad', onEnd: throwing(error, later) as () => undefined }
        const { chain, errors, faults, timings } = noted(link(logging('a', log)), link(bad), link(logging('c', log)))
        chain.end(exchange())
        await new Promise((resolve) => setImmediate(resolve))
        assert.deepEqual(log, ['end c', 'end a'])
        assert.deepEqual([errors, faults], [[`bad end ${type}`], ['bad end no']])
        assert.deepEqual(timings, ['c end', 'bad end', 'a end'])
      })
    }
  }

  it('an error of the table, keeps its code', () => {
    const { chain } = noted(link({ name: 'own', onRequest: throwing(new GatewayError('request_too_large'), false) }))
    assert.throws(() => chain.request(exchange()), { code: 'request_too_large' })
  })
})

describe('the times of a chain', () => {
  it('are recorded once a phase, and hold what each interceptor waited for', async () => {
    const waits: Interceptor = {
      name: 'waits',
      onRequest: () => new Promise((resolve) => setTimeout(resolve, 30, undefined)),
    }
    const { chain, timings, seconds } = noted(link(logging('a', [])), link(waits), link(logging('c', [], true)))
    const x = exchange()
    await chain.request(x)
    await chain.response(x, responseHead())
    chain.end(x)
    assert.deepEqual(timings, [
      ...['a request', 'waits request', 'c request'],
      ...['c response', 'a response'],
      ...['c end', 'a end'],
    ])
    assert.ok(seconds.every((time) => time >= 0))
    // A timer may fire a millisecond early.
    assert.ok((seconds[1] as number) >= 0.028, String(seconds[1]))
  })

  it('begin for a request where its body was read, so that nothing between is lost', () => {
    const { chain, seconds } = noted(link(logging('a', [])))
    chain.request(exchange(), 0, performance.now() - 5_000)
    assert.ok((seconds[0] as number) >= 5)
  })
})
