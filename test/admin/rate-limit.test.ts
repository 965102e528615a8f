/** The limit on how often an address may do something. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RateLimit } from '../../src/admin/rate-limit.ts'

function limit({ burst = 3, perSecond = 1 } = {}) {
  let at = 1_000
  const limited = new RateLimit({ burst, perSecond, now: () => at })
  const spend = (address: string, times: number) => {
    for (let i = 0; i < times; i++) limited.count(address)
  }
  const pass = (ms: number) => {
    at += ms
  }
  return { limited, spend, pass }
}

describe('a rate limit', () => {
  it('lets a burst pass, and then as much as time gives back, never more than the burst', () => {
    const { limited, spend, pass } = limit()
    assert.equal(limited.wait('a'), 0)
    spend('a', 3)
    assert.equal(limited.wait('a'), 1)
    pass(999)
    assert.equal(limited.wait('a'), 1)
    pass(1)
    assert.equal(limited.wait('a'), 0)
    spend('a', 1)
    assert.equal(limited.wait('a'), 1)
    pass(3_600_000)
    spend('a', 3)
    assert.equal(limited.wait('a'), 1)
  })

  it('counts each address for itself', () => {
    const { limited, spend } = limit()
    spend('a', 3)
    assert.deepEqual([limited.wait('a'), limited.wait('b')], [1, 0])
  })

  it('takes all addresses of an IPv6 network of 64 bits for one', () => {
    const { limited, spend } = limit()
    spend('2001:db8:0:1::1', 3)
    for (const same of ['2001:db8:0:1::2', '2001:db8:0:1:ffff:1:2:3', '2001:db8:0:1:0:0:0:9'])
      assert.equal(limited.wait(same), 1, same)
    for (const other of ['2001:db8:0:2::1', '2001:db8::1', '::1', '::ffff:10.0.0.1', '10.0.0.1'])
      assert.equal(limited.wait(other), 0, other)
    spend('::ffff:10.0.0.1', 3)
    assert.deepEqual([limited.wait('::ffff:10.0.0.1'), limited.wait('::ffff:10.0.0.2')], [1, 0])
  })

  it('remembers a thousand addresses, and forgets the one that was quiet for longest', () => {
    const { limited, spend } = limit()
    spend('first', 3)
    spend('second', 3)
    for (let i = 0; i < 998; i++) spend(`address ${i}`, 1)
    spend('first', 1)
    spend('one more', 1)
    assert.deepEqual([limited.wait('first'), limited.wait('second')], [1, 0])
  })
})
