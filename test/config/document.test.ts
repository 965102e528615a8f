/** What is generated: the documents on disk, and the example in them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { documents } from '../../.ci/generate-docs.ts'
import { example } from '../../src/config/example.ts'
import { certificateAuthority } from '../support/certificates.ts'
import { loaded } from './load-with.ts'

for (const [path, text] of documents) {
  test(`${path} is up to date`, () => {
    const there = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
    assert.ok(there === text(), `${path} is stale; write it anew with: node .ci/generate-docs.ts`)
  })
}

test('the example file is valid, without warnings', async () => {
  const { config, warnings } = await loaded({ yaml: example, files: { 'redact.mjs': '' } })
  assert.deepEqual(warnings, [])
  assert.equal(config.upstreams.search?.url, 'https://search.internal/mcp')
  assert.equal(config.upstreams.search?.limits.queueTimeout, 2000)
  assert.deepEqual(config.interceptors[0]?.options, { names: ['password', 'token'] })
})

test('what the example leaves as comments is valid too', async () => {
  const pem = '-----BEGIN CERTIFICATE-----'
  const { cert } = await certificateAuthority()
  const files = { 'redact.mjs': '', 'tls.crt': pem, 'tls.key': pem, 'search-ca.pem': cert }
  const { config } = await loaded({ yaml: example.replaceAll('# tls:', 'tls:'), files })
  assert.ok(config.listen.tls && config.upstreams.search?.tls.ca)
})
