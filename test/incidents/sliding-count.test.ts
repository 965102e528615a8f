/** Counting over a sliding window: right to within the step that leaves it, whatever comes when. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SlidingCount } from '../../src/incidents/sliding-count.ts'

const WINDOW = 60_000
const STEP = WINDOW / 12

test('it counts what is in the window, and forgets what has left it', () => {
  const count = new SlidingCount(WINDOW)
  for (let i = 0; i < 30; i++) count.add(1_000_000)
  assert.equal(count.count(1_000_000), 30)
  assert.equal(count.count(1_000_000 + WINDOW - STEP), 30)
  assert.equal(count.count(1_000_000 + WINDOW + STEP), 0)
})

test('what leaves does so little by little', () => {
  const count = new SlidingCount(WINDOW)
  for (let i = 0; i < 100; i++) count.add(600_000)
  assert.equal(count.count(600_000 + WINDOW), 100)
  assert.equal(Math.round(count.count(600_000 + WINDOW + STEP / 2)), 50)
})

test('a clock that is put back loses nothing', () => {
  const count = new SlidingCount(WINDOW)
  count.add(5_000_000)
  count.add(4_000_000)
  assert.equal(count.count(4_000_000), 2)
})

test('it is never further from the truth than by what came in one step', () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(gaps, (each) => {
      const count = new SlidingCount(WINDOW)
      const events: number[] = []
      let at = 1_700_000_000_000
      for (const gap of each) {
        at += gap
        events.push(at)
        count.add(at)
        const within = (window: number) => events.filter((event) => event > at - window).length
        const counted = count.count(at)
        assert.ok(counted <= within(WINDOW + STEP) && counted >= within(WINDOW - STEP), `${counted} at ${at}`)
      }
    }),
  )
})
