/** The table of errors, and the one class that carries its codes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { settings } from '../src/config/settings.ts'
import { route, upstream } from '../src/config/settings-upstreams.ts'
import { documentErrors } from '../src/document-errors.ts'
import { type ErrorCode, FAILURES, GatewayError } from '../src/errors.ts'
import { OUTCOMES } from '../src/exchange/outcome.ts'
import { errorBody } from '../src/listener/answer.ts'

const CODES = Object.keys(FAILURES) as ErrorCode[]
/** Those that JSON-RPC 2.0 and MCP define; no others of the reserved range are ours to give. */
const DEFINED = [-32600, -32603, -32700, -32020]

describe('each error', () => {
  for (const code of CODES) {
    it(`${code} has a status, a code and an outcome that fit`, () => {
      const { status, rpc, source, retry, outcome, message } = FAILURES[code]
      assert.ok(status >= 400 && status <= 599 && Number.isInteger(status))
      assert.ok(Number.isInteger(rpc) && (rpc < -32768 || rpc > -32000 || DEFINED.includes(rpc)), String(rpc))
      assert.ok(OUTCOMES.includes(outcome))
      assert.equal(source === 'downstream', status < 500, 'a 4xx is the downstream’s, a 5xx is not')
      if (source === 'downstream') assert.equal(outcome, 'refused')
      if (retry === 'unsent') assert.equal(source, 'upstream')
      assert.match(message, /^[A-Z][^\n]*[^.]$/)
      assert.doesNotMatch(message, /\d+\.\d+\.\d+\.\d+|https?:|localhost|E[A-Z]{4,}|undici/)
    })
  }

  it('has a JSON-RPC code that no other has, unless JSON-RPC itself defines it', () => {
    const codes = CODES.map((code) => FAILURES[code].rpc).filter((code) => code > -32_000)
    assert.equal(new Set(codes).size, codes.length)
  })

  it('is 404 only where no session can be meant', () => {
    assert.deepEqual(
      CODES.filter((code) => FAILURES[code].status === 404),
      ['route_not_found'],
    )
  })
})

describe('a GatewayError', () => {
  it('has the message of the table, or its own, and keeps its cause for the log', () => {
    const cause = new Error('connect ECONNREFUSED 10.0.0.1:80')
    const plain = new GatewayError('upstream_unreachable', undefined, { cause })
    assert.deepEqual(
      [plain.name, plain.code, plain.message, plain.cause, plain.failure],
      ['GatewayError', 'upstream_unreachable', 'The upstream cannot be reached', cause, FAILURES.upstream_unreachable],
    )
    assert.equal(new GatewayError('refused', 'Not now').message, 'Not now')
  })

  it('costs no stack, and leaves others theirs', () => {
    const { stackTraceLimit } = Error
    assert.doesNotMatch(String(new GatewayError('internal').stack), /\n\s+at /)
    assert.equal(Error.stackTraceLimit, stackTraceLimit)
    assert.match(String(new Error('other').stack), /\n\s+at /)
  })

  it('is told to the downstream without its cause', () => {
    const error = new GatewayError('upstream_reset', undefined, { cause: new Error('10.0.0.1') })
    assert.deepEqual(JSON.parse(errorBody(error, 'a')), {
      jsonrpc: '2.0',
      id: 'a',
      error: {
        code: -31044,
        message: 'The upstream closed the connection before it had answered',
        data: { type: 'upstream_reset', source: 'upstream' },
      },
    })
  })
})

describe('the document of errors', () => {
  const text = documentErrors()

  it('has one row for each, with something to do', () => {
    for (const code of CODES) {
      const rows = text.split('\n').filter((line) => line.startsWith(`| \`${code}\` |`))
      assert.equal(rows.length, 1, code)
      const cells = rows[0]?.split(' | ') ?? []
      assert.deepEqual(cells.slice(1, 3), [String(FAILURES[code].status), String(FAILURES[code].rpc)])
      assert.ok((cells.at(-1) ?? '').length > 10, code)
    }
  })

  it('names no setting that is not there', () => {
    const schemas = { listen: settings, limits: settings, routes: route, upstreams: upstream }
    const named = [...text.matchAll(/`(listen|limits|routes|upstreams)((?:\[\]|\.\*)?(?:\.\w+)+)`/g)]
    assert.ok(named.length > 10)
    for (const [whole, top, rest = ''] of named) {
      const inSettings = top === 'listen' || top === 'limits'
      const path = rest
        .replace(/^(\[\]|\.\*)/, '')
        .slice(1)
        .split('.')
      let schema: { properties?: Readonly<Record<string, unknown>> } | undefined = schemas[top as 'listen']
      for (const key of inSettings ? [top as string, ...path] : path) {
        schema = schema?.properties?.[key] as typeof schema
        assert.ok(schema, whole)
      }
    }
  })
})
