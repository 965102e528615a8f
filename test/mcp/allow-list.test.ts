/** Who may ask, by Host and by Origin: by default on a loopback bind, and by lists. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Allows, allowedHosts, allowedOrigins, hostname, isLoopback } from '../../src/mcp/allow-list.ts'

function holds(allows: Allows, yes: readonly string[], no: readonly string[]): void {
  assert.ok(allows)
  for (const value of yes) assert.equal(allows(value), true, `${value} may pass`)
  for (const value of no) assert.equal(allows(value), false, `${value} must not pass`)
}

describe('a loopback bind', () => {
  for (const address of [
    '127.0.0.1',
    '127.1.2.3',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    'localhost',
    'LocalHost',
  ]) {
    it(`is ${address}`, () => assert.equal(isLoopback(address), true))
  }
  for (const address of ['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '::2', '127.example.com', 'localhost.example', '']) {
    it(`is not ${address || 'nothing'}`, () => assert.equal(isLoopback(address), false))
  }
})

describe('a Host without its port', () => {
  const cases = [
    ['Example.COM', 'example.com'],
    ['example.com:8080', 'example.com'],
    ['example.com:', 'example.com'],
    ['[::1]', '[::1]'],
    ['[2001:DB8::1]:443', '[2001:db8::1]'],
    // No host and port: stays whole, so that no part of it can be taken for a name.
    ['localhost:80@evil.example', 'localhost:80@evil.example'],
    ['localhost:evil', 'localhost:evil'],
    ['[::1].evil.example', '[::1].evil.example'],
    ['[::1]8080', '[::1]8080'],
    ['::1', '::1'],
    ['', ''],
  ] as const
  for (const [host, name] of cases) it(`${JSON.stringify(host)} is ${name}`, () => assert.equal(hostname(host), name))

  it('is never longer than before, and has no port that is left', () => {
    fc.assert(
      fc.property(fc.domain(), fc.nat(65_535), (name, port) => {
        assert.equal(hostname(`${name.toUpperCase()}:${port}`), name.toLowerCase())
      }),
    )
  })
})

const FOREIGN = [
  ...['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'localhost.', '[::2]', '0.0.0.0', ''],
  ...['localhost:80@evil.example', '[::1].evil.example', 'localhost,evil.example', 'evil.example:localhost'],
]

describe('Hosts', () => {
  it('of a loopback bind are its own names, with any port', () => {
    const own = ['localhost', 'LOCALHOST:1', '127.0.0.1', '127.0.0.1:8080', '[::1]', '[::1]:8080']
    holds(allowedHosts(undefined, '127.0.0.1'), own, [...FOREIGN, '127.0.0.2'])
    holds(allowedHosts(undefined, '127.0.0.2'), [...own, '127.0.0.2:80'], FOREIGN)
  })

  it('of a loopback bind are those that routes name too', () => {
    holds(allowedHosts(undefined, '::1', ['mail.example']), ['Mail.Example:80', 'localhost'], FOREIGN)
  })

  it('of any other bind are all', () => {
    for (const bind of ['0.0.0.0', '::', '10.1.2.3']) assert.equal(allowedHosts(undefined, bind), undefined)
  })

  it('of a list are those, wherever it is bound, a port only where it names one', () => {
    const list = ['Gateway.example', 'other.example:8443', '[2001:db8::1]']
    for (const bind of ['127.0.0.1', '0.0.0.0']) {
      holds(
        allowedHosts(list, bind),
        ['gateway.example', 'GATEWAY.example:80', 'other.example:8443', '[2001:DB8::1]:9'],
        [...FOREIGN, 'localhost', 'other.example', 'other.example:80', '[2001:db8::2]'],
      )
    }
  })

  it('of a list with * are all, and of an empty list none', () => {
    assert.equal(allowedHosts(['a', '*'], '127.0.0.1'), undefined)
    holds(allowedHosts([], '127.0.0.1'), [], [...FOREIGN, 'localhost', '127.0.0.1'])
  })
})

describe('Origins', () => {
  it('of a loopback bind are loopback origins of any port', () => {
    holds(
      allowedOrigins(undefined, '127.0.0.1'),
      ['http://localhost', 'https://LOCALHOST:5173', 'http://127.0.0.1:80', 'http://[::1]:6274', 'HTTP://localhost'],
      [
        ...FOREIGN.map((host) => `http://${host}`),
        ...['null', '', 'localhost', 'ftp://localhost', 'http://localhost/', 'http://localhost/x', 'file://'],
        ...['http://evil.example/http://localhost', 'http://a@localhost', 'http://localhost\nhttp://evil.example'],
      ],
    )
  })

  it('of any other bind are all', () => assert.equal(allowedOrigins(undefined, '0.0.0.0'), undefined))

  it('of a list are those, with their scheme and port', () => {
    holds(
      allowedOrigins(['https://App.example', 'http://localhost:5173'], '127.0.0.1'),
      ['https://app.example', 'HTTPS://APP.EXAMPLE', 'http://localhost:5173'],
      [
        'http://app.example',
        'https://app.example:8443',
        'https://app.example.evil.example',
        'http://localhost',
        'null',
      ],
    )
  })

  it('of a list with * are all, and of an empty list none', () => {
    assert.equal(allowedOrigins(['*'], '127.0.0.1'), undefined)
    holds(allowedOrigins([], '0.0.0.0'), [], ['http://localhost', 'null'])
  })
})
