/** Labels of revisions and methods: closed sets, checked against what the SDKs know. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as modernSchemas from '@modelcontextprotocol/core'
import * as legacySchemas from '@modelcontextprotocol/sdk/types.js'
import { METHODS, methodLabel, REVISIONS, revisionLabel, revisionOf, targetOf } from '../../src/mcp/revision.ts'

/** The methods that an SDK's schemas of requests and notifications name. */
function methodsOf(schemas: object): string[] {
  const found = new Set<string>()
  for (const schema of Object.values(schemas)) {
    const literal = (schema as { shape?: { method?: { value?: unknown } } } | null | undefined)?.shape?.method
    if (typeof literal?.value === 'string') found.add(literal.value)
  }
  return [...found].sort()
}

describe('a revision', () => {
  it('is its own label when MCP has it, else _other, and _none when nothing said one', () => {
    for (const version of REVISIONS) assert.equal(revisionLabel(version), version)
    for (const version of ['', '2026-07-29', '2026-07-28 ', 'x'.repeat(5_000), 'toString', '_none']) {
      assert.equal(revisionLabel(version), '_other')
    }
    assert.equal(revisionLabel(undefined), '_none')
  })

  it('has a label for every version that the SDK of the sessionful line speaks', () => {
    assert.ok(legacySchemas.SUPPORTED_PROTOCOL_VERSIONS.length > 3)
    for (const version of legacySchemas.SUPPORTED_PROTOCOL_VERSIONS) assert.equal(revisionLabel(version), version)
  })

  it('is what the message says, then its header, then its session, and else what the specification assumes', () => {
    assert.equal(revisionOf('a', 'b', 'c'), 'a')
    assert.equal(revisionOf(undefined, 'b', 'c'), 'b')
    assert.equal(revisionOf(undefined, undefined, 'c'), 'c')
    assert.equal(revisionOf(undefined, undefined, undefined), '2025-03-26')
  })
})

describe('a method', () => {
  it('is its own label when a revision of MCP has it, else _other', () => {
    for (const method of METHODS) assert.equal(methodLabel(method), method)
    for (const method of ['', 'tools/Call', 'constructor', 'rpc.discover']) assert.equal(methodLabel(method), '_other')
    assert.equal(new Set(METHODS).size, METHODS.length)
  })

  it('of any schema of either SDK line has a label', () => {
    const legacy = methodsOf(legacySchemas)
    const modern = methodsOf(modernSchemas)
    assert.ok(legacy.includes('tools/call') && legacy.length > 25, `only ${legacy.length} found`)
    assert.ok(modern.includes('server/discover') && modern.length > 25, `only ${modern.length} found`)
    for (const method of [...legacy, ...modern]) assert.equal(methodLabel(method), method)
  })

  it('aims at a tool, a prompt, a URI or nothing', () => {
    assert.equal(targetOf('tools/call'), 'tool')
    assert.equal(targetOf('prompts/get'), 'prompt')
    for (const what of ['read', 'subscribe', 'unsubscribe']) assert.equal(targetOf(`resources/${what}`), 'uri')
    for (const method of ['tools/list', 'ping', 'initialize', '']) assert.equal(targetOf(method), undefined)
  })
})
