/** What sessions cost in memory, each and in the largest number that an upstream can make. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'

interface Flood {
  readonly created: number
  readonly untracked: number
  readonly evicted: number
  readonly ended: number
  readonly most: number
  readonly size: number
  readonly growth: number
}

interface Cost {
  readonly bytes: number
  readonly atOnce: Flood
  readonly slowly: Flood
}

describe('the memory of sessions', () => {
  let cost: Cost

  before(async () => {
    const program = new URL('churn.ts', import.meta.url).pathname
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program])
    cost = JSON.parse(stdout) as Cost
  })

  it('is at most 1 KiB each, with all facts', (t) => {
    t.diagnostic(`${Math.round(cost.bytes)} bytes`)
    assert.ok(cost.bytes > 100, `${cost.bytes} bytes: cannot be, nothing was measured`)
    assert.ok(cost.bytes <= 1024, `${cost.bytes} bytes`)
  })

  it('is bounded when a million come at once, and every one of them is counted', () => {
    const { growth, ...counts } = cost.atOnce
    const expected = { created: 1_000, untracked: 999_000, evicted: 0, ended: 0, most: 1_000, size: 1_000 }
    assert.deepEqual(counts, expected)
    assert.ok(growth < 2 ** 21, `${growth} bytes`)
  })

  it('is bounded when a million come and each replaces the longest idle, and every one of them is counted', () => {
    const { growth, ...counts } = cost.slowly
    const expected = { created: 1_000_000, untracked: 0, evicted: 990_000, ended: 990_000, most: 10_000, size: 10_000 }
    assert.deepEqual(counts, expected)
    assert.ok(growth < 10_000 * 1024, `${growth} bytes`)
  })
})
