/** Files of TLS that are there and no use are told with every other error, before anything starts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificateAuthority } from '../support/certificates.ts'
import { loaded, refused } from './load-with.ts'

const JUNK = '-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----\n'
const path = (line: string) => line.split(' ')[0]

test('each upstream and each file of it is named, by `check` too', async () => {
  const authority = await certificateAuthority()
  const [one, two] = await Promise.all([authority.issue({ name: 'one' }), authority.issue({ name: 'two' })])
  const yaml = `upstreams:
  fine: { url: https://a/mcp, tls: { ca: ca.pem, cert: one.crt, key: one.key } }
  other: { url: https://b/mcp, tls: { ca: junk.pem, cert: one.crt, key: two.key } }
routes: [{ path: /a, upstream: fine }, { path: /b, upstream: other }]
sessions: { max: 0 }`
  const files = {
    'ca.pem': authority.cert,
    'junk.pem': JUNK,
    'one.crt': one.cert,
    'one.key': one.key,
    'two.key': two.key,
  }
  for (const argv of [[], ['check', 'gateway.yaml']]) {
    const errors = await refused({ yaml, files, argv })
    assert.deepEqual(errors.map(path), ['sessions.max:', 'upstreams.other.tls.ca:', 'upstreams.other.tls.key:'])
    assert.match(
      errors[1] ?? '',
      /^upstreams\.other\.tls\.ca: holds no certificates that can be read \(.+\): \S+junk\.pem/,
    )
    assert.match(errors[2] ?? '', /^upstreams\.other\.tls\.key: is not the key of the certificate: \S+two\.key \(.+\)$/)
  }
})

test('a file that was told already is not told again', async () => {
  const errors = await refused({ yaml: 'upstreams: { a: { url: https://a/mcp, tls: { ca: missing.pem } } }' })
  assert.deepEqual(errors.map(path), ['upstreams.a.tls.ca:'])
})

test('files that have no effect are no matter', async () => {
  const yaml = 'upstreams: { a: { url: http://a/mcp, tls: { ca: junk.pem } } }'
  const { warnings } = await loaded({ yaml, files: { 'junk.pem': JUNK } })
  assert.deepEqual(warnings, ['upstreams.a.tls: has no effect, the URL is http'])
})
