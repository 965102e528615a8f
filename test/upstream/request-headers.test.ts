/** The head that the upstream gets: whose Host, whose X-Forwarded-*, and whose word counts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Exchange } from '../../src/exchange/exchange.ts'
import { type HeaderOptions, requestHeaders, trustedProxies } from '../../src/upstream/request-headers.ts'

type Sent = Readonly<Record<string, string>>

interface Given extends Partial<HeaderOptions> {
  readonly address?: string
  readonly encrypted?: boolean
  readonly set?: Sent
  readonly correlationId?: string
}

/** The upstream's headers as `name: value`, names lower-cased, sorted by name. */
function upstreamGets(sent: Sent, given: Given = {}): string[] {
  const { address = '192.0.2.1', encrypted = false, set = {}, correlationId = '', ...options } = given
  const head = { method: 'POST', url: '/mcp', headers: sent, rawHeaders: Object.entries(sent).flat() }
  const x = new Exchange({ path: '/mcp', upstream: 'upstream', mcp: true }, head, address, encrypted, 0)
  x.correlationId = correlationId
  for (const [name, value] of Object.entries(set)) x.setUpstreamHeader(name, value)
  const flat = requestHeaders(x, { host: 'up:1', trusts: () => false, ...options })
  const lines: string[] = []
  for (let i = 0; i < flat.length; i += 2) lines.push(`${flat[i]?.toLowerCase()}: ${flat[i + 1]}`)
  return lines.sort()
}

const trusting = { trusts: () => true }

describe('Host', () => {
  it('is the upstream’s own', () => {
    assert.deepEqual(upstreamGets({ host: 'gw:8080' }), [
      'host: up:1',
      'x-forwarded-for: 192.0.2.1',
      'x-forwarded-host: gw:8080',
      'x-forwarded-proto: http',
    ])
  })

  it('is the downstream’s where it is preserved', () => {
    assert.ok(upstreamGets({ host: 'GW:8080' }, { host: undefined }).includes('host: GW:8080'))
  })

  it('of a downstream that sent none stands nowhere else either', () => {
    for (const trusts of [() => false, () => true]) {
      assert.ok(!upstreamGets({}, { trusts }).some((line) => line.startsWith('x-forwarded-host')))
    }
  })
})

describe('X-Forwarded-*', () => {
  const claimed: Sent = {
    host: 'gw',
    'x-forwarded-for': '203.0.113.9, 10.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'public.example',
    'x-forwarded-port': '443',
    forwarded: 'for=203.0.113.9',
  }

  it('of whom nobody trusts are written anew', () => {
    assert.deepEqual(upstreamGets(claimed, { encrypted: true }), [
      'host: up:1',
      'x-forwarded-for: 192.0.2.1',
      'x-forwarded-host: gw',
      'x-forwarded-proto: https',
    ])
  })

  it('of a trusted peer are carried on, with its own address added', () => {
    assert.deepEqual(upstreamGets(claimed, trusting), [
      'forwarded: for=203.0.113.9',
      'host: up:1',
      'x-forwarded-for: 203.0.113.9, 10.0.0.1, 192.0.2.1',
      'x-forwarded-host: public.example',
      'x-forwarded-port: 443',
      'x-forwarded-proto: https',
    ])
  })

  it('of a trusted peer that leaves them out or empty are what the connection says', () => {
    for (const sent of [
      { host: 'gw' },
      { host: 'gw', 'x-forwarded-for': '', 'x-forwarded-proto': '', forwarded: '' },
    ]) {
      assert.deepEqual(upstreamGets(sent, { ...trusting, encrypted: true }), [
        'host: up:1',
        'x-forwarded-for: 192.0.2.1',
        'x-forwarded-host: gw',
        'x-forwarded-proto: https',
      ])
    }
  })

  it('asks for the trust of the connection’s address, not of one in a header', () => {
    const asked: string[] = []
    upstreamGets(claimed, { address: '10.9.9.9', trusts: (address) => asked.push(address) < 0 })
    assert.deepEqual(asked, ['10.9.9.9'])
  })
})

describe('the other headers', () => {
  it('pass, but for those that Connection names and those left out', () => {
    const sent = { Connection: 'X-Hop, close', 'X-Hop': '1', 'Accept-Encoding': 'br', 'X-Stays': '2' }
    const head = upstreamGets({ ...sent, connection: 'X-Hop, close' }, { without: ['accept-encoding'] })
    assert.deepEqual(
      head.filter((line) => !/^(host|x-forwarded)/.test(line)),
      ['x-stays: 2'],
    )
  })

  it('give way to those that interceptors set', () => {
    const head = upstreamGets({ 'X-TENANT': 'forged', 'x-other': '1' }, { set: { 'X-Tenant': 'real' } })
    assert.deepEqual(
      head.filter((line) => !/^(host|x-forwarded)/.test(line)),
      ['x-other: 1', 'x-tenant: real'],
    )
  })

  it('have one correlation id, ours', () => {
    const head = upstreamGets({ 'x-correlation-id': 'theirs' }, { correlationId: 'ours' })
    assert.deepEqual(
      head.filter((line) => line.startsWith('x-correlation-id')),
      ['x-correlation-id: ours'],
    )
  })
})

describe('trusted networks', () => {
  const cases: readonly (readonly [network: string, inside: readonly string[], outside: readonly string[]])[] = [
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'], ['9.255.255.255', '11.0.0.0', '::1']],
    ['192.0.2.7', ['192.0.2.7', '::ffff:192.0.2.7'], ['192.0.2.8']],
    ['192.0.2.7/32', ['192.0.2.7'], ['192.0.2.6']],
    ['0.0.0.0/0', ['1.2.3.4', '255.255.255.255'], ['2001:db8::1']],
    ['2001:db8::/32', ['2001:db8::1', '2001:DB8:ffff::'], ['2001:db9::', '10.0.0.1']],
    ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1']],
    ['fe80::/10', ['fe80::1', 'fe80::1%eth0'], ['fec0::1']],
    ['::ffff:10.0.0.0/104', ['10.1.2.3', '::ffff:10.1.2.3'], ['11.0.0.1']],
  ]
  for (const [network, inside, outside] of cases) {
    it(`${network} holds what lies in it`, () => {
      const trusts = trustedProxies([network])
      for (const address of inside) assert.equal(trusts(address), true, address)
      for (const address of outside) assert.equal(trusts(address), false, address)
    })
  }

  it('may be several of both families, or none', () => {
    const trusts = trustedProxies(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'])
    for (const address of ['10.1.1.1', '2001:db8::5', '192.0.2.7']) assert.equal(trusts(address), true, address)
    assert.equal(trustedProxies([])('10.1.1.1'), false)
  })

  it('hold no peer whose address is not known any more', () => {
    const trusts = trustedProxies(['0.0.0.0/0', '::/0'])
    for (const address of ['', 'nonsense']) assert.equal(trusts(address), false)
  })
})
