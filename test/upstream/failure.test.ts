/** Which error of ours stands for what undici, Node and OpenSSL report. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { errors } from 'undici'
import { GatewayError } from '../../src/errors.ts'
import { upstreamFailure } from '../../src/upstream/failure.ts'

const failed = (code: string, message = 'failed') => Object.assign(new Error(message), { code })

const cases: readonly (readonly [code: string, sent: boolean, expected: string])[] = [
  ['ECONNREFUSED', false, 'upstream_unreachable'],
  ['ENOTFOUND', false, 'upstream_unreachable'],
  ['EAI_AGAIN', false, 'upstream_unreachable'],
  ['EHOSTUNREACH', false, 'upstream_unreachable'],
  ['EMFILE', false, 'upstream_unreachable'],
  ['UND_ERR_CONNECT_TIMEOUT', false, 'upstream_connect_timeout'],
  ['ETIMEDOUT', false, 'upstream_connect_timeout'],
  ['UND_ERR_HEADERS_TIMEOUT', true, 'upstream_timeout'],
  ['UND_ERR_HEADERS_OVERFLOW', true, 'upstream_invalid'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', true, 'upstream_reset'],
  ['UND_ERR_INVALID_ARG', false, 'bad_request'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', false, 'upstream_tls'],
  ['CERT_HAS_EXPIRED', false, 'upstream_tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', false, 'upstream_tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', false, 'upstream_tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', false, 'upstream_tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', false, 'upstream_tls'],
  // A client certificate that is missing or refused: with TLS 1.3 the alert comes behind the request.
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', true, 'upstream_tls'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', true, 'upstream_tls'],
  ['ECONNRESET', false, 'upstream_unreachable'],
  ['ECONNRESET', true, 'upstream_reset'],
  ['EPIPE', true, 'upstream_reset'],
  ['UND_ERR_SOCKET', true, 'upstream_reset'],
  ['UND_ERR_SOCKET', false, 'upstream_unreachable'],
  ['E_NOBODY_KNOWS', false, 'upstream_unreachable'],
  ['E_NOBODY_KNOWS', true, 'upstream_reset'],
  ['', true, 'upstream_reset'],
]
for (const [code, sent, expected] of cases) {
  it(`${code || 'no code'} ${sent ? 'after' : 'before'} the request was sent is ${expected}`, () => {
    assert.equal(upstreamFailure(failed(code), sent).code, expected)
  })
}

it('bytes that are no HTTP are told from an end amid a message', () => {
  const parser = (message: string) => new errors.HTTPParserError(message)
  assert.equal(upstreamFailure(parser('Expected HTTP/'), true).code, 'upstream_invalid')
  assert.equal(upstreamFailure(parser('Invalid EOF state'), true).code, 'upstream_reset')
  assert.equal(upstreamFailure(failed('UND_ERR_SOCKET', 'bad response'), true).code, 'upstream_invalid')
})

it('only what never reached a socket may be sent again', () => {
  const retries = cases.filter(([code, sent]) => upstreamFailure(failed(code), sent).failure.retry === 'unsent')
  assert.ok(retries.length > 0)
  for (const [code, sent] of retries) assert.equal(sent, false, code)
})

it('says nothing of the inside, and keeps it as the cause', () => {
  const error = failed('ECONNREFUSED', 'connect ECONNREFUSED 10.1.2.3:3001')
  const { message, cause } = upstreamFailure(error, false)
  assert.doesNotMatch(message, /10\.1\.2\.3|3001|ECONN/)
  assert.equal(cause, error)
})

it('keeps an error that has its name already', () => {
  const error = new GatewayError('interceptor_failed')
  assert.equal(upstreamFailure(error, true), error)
})
