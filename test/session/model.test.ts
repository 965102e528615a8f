/** Whatever happens to sessions in whichever order, the registry does what a plain list of them would. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Session } from '../../src/session/session.ts'
import { MINUTE, SECOND, stage } from './stage.ts'

const MAX = 5

/** The rules of idle expiry and of the cap, with a search through all of them at each step. */
interface Known {
  readonly id: string
  readonly session: Session
  lastUse: number
  streams: number
  pending: boolean
}

type Step = readonly [action: 'seen' | 'touch' | 'open' | 'close' | 'hold' | 'free' | 'end' | 'pass', which: number]

const steps = fc.array(
  fc.tuple(
    fc.constantFrom('seen', 'seen', 'seen', 'touch', 'open', 'close', 'hold', 'free', 'end', 'pass') as fc.Arbitrary<
      Step[0]
    >,
    fc.nat(9),
  ),
  { maxLength: 120 },
)

function run(script: readonly Step[]): void {
  const { registry, heard, active, now, pass } = stage({ max: MAX, idleMs: 2 * MINUTE, heartbeatMs: 10 * MINUTE })
  let model: Known[] = []
  // Those of the same last use go in the order in which it came.
  const used = (known: Known) => {
    known.lastUse = now()
    model = [...model.filter((other) => other !== known), known]
  }
  const idleFor = (ms: number) =>
    model.find(({ lastUse, streams, pending }) => streams === 0 && !pending && now() - lastUse > ms)
  const drop = (known: Known | undefined) => {
    model = model.filter((other) => other !== known)
  }

  const seen = (id: string) => {
    const known = model.find((each) => each.id === id)
    const session = registry.seen('u', 'e', id)
    if (known) {
      assert.equal(session, known.session)
      used(known)
      return
    }
    if (model.length === MAX) drop(idleFor(MINUTE))
    assert.equal(session !== undefined, model.length < MAX, `${id} is tracked if there is room`)
    if (session) model.push({ id, session, lastUse: now(), streams: 0, pending: false })
  }

  const change = (action: Step[0], known: Known) => {
    const { session } = known
    if (action === 'end') {
      registry.end(session, 'delete')
      drop(known)
      return
    }
    if (action === 'free' && !known.pending) return
    if (action === 'close' && known.streams === 0) return
    if (action === 'touch') registry.touch(session)
    else if (action === 'open') registry.streamOpened(session)
    else if (action === 'close') registry.streamClosed(session, 'downstream')
    else session.pending = action === 'hold' ? { ended: () => {} } : undefined
    known.streams += action === 'open' ? 1 : action === 'close' ? -1 : 0
    known.pending = action === 'hold' || (known.pending && action !== 'free')
    const idle = known.streams === 0 && !known.pending
    if (action === 'touch' || action === 'open' || action === 'close' || idle) used(known)
  }

  for (const [action, which] of script) {
    const known = model.find(({ id }) => id === `${which}`)
    if (action === 'seen') seen(`${which}`)
    else if (action === 'pass') {
      pass(which * 10 * SECOND)
      registry.tick()
      for (let idle = idleFor(2 * MINUTE); idle; idle = idleFor(2 * MINUTE)) drop(idle)
    } else if (known) change(action, known)
    const ids = registry.list({ limit: 100 }).map(({ id }) => id)
    assert.deepEqual(ids.toSorted(), model.map(({ id }) => id).toSorted(), `after ${action} ${which}`)
    assert.deepEqual([registry.size, active.get('u') ?? 0], [model.length, model.length])
  }
  const count = (word: string) => heard.filter((line) => line.startsWith(word)).length
  assert.equal(count('created') - count('ended'), registry.size)
}

describe('the registry', () => {
  it('keeps, expires and evicts the same sessions as a plain list of them', () => {
    fc.assert(fc.property(steps, run), { numRuns: 500 })
  })
})
