/** Which error of ours stands for what undici, Node and OpenSSL report. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { upstreamFailure } from '../../src/upstream/failure.ts'

const failed = (code: string) => Object.assign(new Error('failed'), { code })

const cases: readonly (readonly [code: string, sent: boolean, expected: string])[] = [
  ['ECONNREFUSED', false, 'upstream_unreachable'],
  ['UND_ERR_CONNECT_TIMEOUT', false, 'upstream_connect_timeout'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', false, 'upstream_tls'],
  ['CERT_HAS_EXPIRED', false, 'upstream_tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', false, 'upstream_tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', false, 'upstream_tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', false, 'upstream_tls'],
  // A client certificate that is missing or refused: with TLS 1.3 the alert comes behind the request.
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', true, 'upstream_tls'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', true, 'upstream_tls'],
  ['ECONNRESET', false, 'upstream_unreachable'],
  ['ECONNRESET', true, 'upstream_reset'],
  ['UND_ERR_SOCKET', true, 'upstream_reset'],
]
for (const [code, sent, expected] of cases) {
  it(`${code} ${sent ? 'after' : 'before'} the request was sent is ${expected}`, () => {
    assert.equal(upstreamFailure(failed(code), sent).code, expected)
  })
}
