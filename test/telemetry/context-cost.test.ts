/** What tools cost of a context: what is listed, how large it is, and which definitions change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EnvelopeScanner } from '../../src/mcp/envelope.ts'
import type { Envelope } from '../../src/mcp/message.ts'
import { ContextCost } from '../../src/telemetry/context-cost.ts'
import { Instruments } from '../../src/telemetry/instruments.ts'
import { Names } from '../../src/telemetry/names.ts'
import { SeriesStore } from '../../src/telemetry/series.ts'

function stage() {
  const store = new SeriesStore()
  const { operations } = new Instruments(store)
  const names = new Names(['files'], { store, ttlMs: 1e6, now: () => 0, onOverflow: () => {} })
  const cost = new ContextCost(operations, names)
  const list = (tools: readonly object[]) => {
    const pages: Envelope[] = []
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools } }))
    const scanner = new EnvelopeScanner((message) => pages.push(message), { lists: true })
    scanner.push(body)
    scanner.end()
    const [page] = pages
    assert.ok(page !== undefined)
    names.listed('files', undefined, undefined, page)
    cost.listed('files', page)
    cost.observe()
    return body.length
  }
  const changes = (tool: string) => operations.definitionChanges.bind(['files', tool]).value
  return { operations, list, changes }
}

test('lists are counted with their size and the tools that they name', () => {
  const { operations, list } = stage()
  const size = list([{ name: 'read' }, { name: 'write' }]) + list([{ name: 'read' }])
  assert.equal(operations.listed.bind(['files']).value, 2)
  assert.equal(operations.listSize.bind(['files']).count, 2)
  assert.equal(operations.listSize.bind(['files']).sum, size)
})

test('a definition that is listed anew in other words is a change, and no other is', () => {
  const { list, changes } = stage()
  list([{ name: 'read', description: 'a' }, { name: 'write' }])
  list([{ name: 'read', description: 'a' }, { name: 'write' }])
  assert.equal(changes('read'), 0)
  list([{ name: 'read', description: 'b' }, { name: 'write' }])
  list([{ name: 'read', description: 'a' }, { name: 'write' }])
  assert.equal(changes('read'), 2)
  assert.equal(changes('write'), 0)
})

test('ten thousand tools leave five hundred definitions in memory, and no label beyond the names that are known', () => {
  const { operations, list } = stage()
  for (let round = 0; round < 20; round++) {
    list(Array.from({ length: 500 }, (_, i) => ({ name: `tool-${round * 500 + i}`, description: String(round) })))
  }
  assert.equal(operations.listed.bind(['files']).value, 500)
  assert.ok(operations.definitionChanges.series.size <= 1)
})
