/** OAuth metadata: where it stands, and what of it names the public URL. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { publicChallenge, wellKnownPath, withResource } from '../../src/mcp/well-known.ts'

describe('the path of metadata', () => {
  it('has the path of the resource behind the well-known name (RFC 9728 §3.1, RFC 8414 §3.1)', () => {
    const path = '/.well-known/oauth-protected-resource'
    assert.equal(wellKnownPath('oauth-protected-resource', '/'), path)
    assert.equal(wellKnownPath('oauth-protected-resource', '/deep/mcp'), `${path}/deep/mcp`)
    assert.equal(wellKnownPath('openid-configuration', '/mcp'), '/.well-known/openid-configuration/mcp')
  })
})

describe('a challenge', () => {
  const resource = { url: 'https://gw.example.com/tools/mcp', ownsRoot: false }
  const here = 'https://gw.example.com/.well-known/oauth-protected-resource/tools/mcp'
  const there = 'http://10.0.0.7:3001/.well-known/oauth-protected-resource/mcp'

  const rewritten: readonly (readonly [before: string, after: string])[] = [
    [`Bearer resource_metadata="${there}"`, `Bearer resource_metadata="${here}"`],
    [`Bearer resource_metadata=${there}`, `Bearer resource_metadata="${here}"`],
    [
      `Bearer error="invalid_token", RESOURCE_METADATA = "${there}", scope="a b"`,
      `Bearer error="invalid_token", RESOURCE_METADATA = "${here}", scope="a b"`,
    ],
    [
      `Basic realm="x", Bearer resource_metadata="${there}", DPoP resource_metadata="${there}"`,
      `Basic realm="x", Bearer resource_metadata="${here}", DPoP resource_metadata="${here}"`,
    ],
    ['Bearer resource_metadata="http://h/.well-known/oauth-protected-resource"', `Bearer resource_metadata="${here}"`],
  ]
  for (const [before, after] of rewritten) {
    it(`names the public URL in place of ${before}`, () => assert.equal(publicChallenge(before, resource), after))
  }

  const untouched = [
    'Bearer realm="x"',
    'Bearer resource_metadata="/relative"',
    'Bearer resource_metadata=""',
    `Bearer error_description="see resource_metadata=${there} or \\"resource_metadata=${there}\\""`,
    `Bearer not_resource_metadata="${there}"`,
    '',
  ]
  for (const value of untouched) {
    it(`passes as it is: ${value}`, () => assert.equal(publicChallenge(value, resource), value))
  }

  it('keeps the root where the gateway passes the root to this upstream', () => {
    const root = 'http://h/.well-known/oauth-protected-resource'
    assert.equal(
      publicChallenge(`Bearer resource_metadata="${root}"`, { ...resource, ownsRoot: true }),
      'Bearer resource_metadata="https://gw.example.com/.well-known/oauth-protected-resource"',
    )
    assert.equal(
      publicChallenge(`Bearer resource_metadata="${there}"`, { ...resource, ownsRoot: true }),
      `Bearer resource_metadata="${here}"`,
    )
  })

  it('of the whole origin has no path behind the name', () => {
    assert.equal(
      publicChallenge(`Bearer resource_metadata="${there}"`, { url: 'https://gw.example.com', ownsRoot: false }),
      'Bearer resource_metadata="https://gw.example.com/.well-known/oauth-protected-resource"',
    )
  })
})

describe('a metadata document', () => {
  it('has its resource replaced and nothing else', () => {
    const document =
      '{"authorization_servers": ["https://as.example.com"], "resource": "http://h/mcp", "x": {"resource": 1}}'
    assert.equal(
      withResource(document, 'https://gw.example.com/mcp'),
      '{"authorization_servers":["https://as.example.com"],"resource":"https://gw.example.com/mcp","x":{"resource":1}}',
    )
  })
  for (const document of ['', '{', '[]', 'null', '"resource"', '{"issuer":"x"}', '[{"resource":"x"}]']) {
    it(`that has none is none: ${document}`, () => assert.equal(withResource(document, 'x'), undefined))
  }
})
