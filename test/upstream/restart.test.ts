/** A restart is an endpoint that answered, could not be reached, and answers again. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RestartWatch } from '../../src/upstream/restart.ts'

describe('a restart', () => {
  it('is told once, by the first answer after the endpoint had gone', () => {
    const watch = new RestartWatch()
    assert.equal(watch.answered(1), false)
    watch.refused(2)
    watch.refused(3)
    assert.deepEqual([watch.answered(4), watch.answered(5)], [true, false])
    watch.refused(6)
    assert.equal(watch.answered(7), true)
  })

  it('is not an endpoint that is slow to start', () => {
    const watch = new RestartWatch()
    watch.refused(1)
    assert.deepEqual([watch.answered(2), watch.answered(3)], [false, false])
  })

  it('is not told by an answer to what was sent before the endpoint had gone', () => {
    const watch = new RestartWatch()
    watch.answered(1)
    watch.refused(5)
    assert.deepEqual([watch.answered(3), watch.answered(5), watch.answered(6)], [false, false, true])
  })
})
