/** The shipped example of metric rules is valid, and records what it says. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { checkRules } from '../../../src/config/checks-rules.ts'
import { rules as schema } from '../../../src/config/settings-rules.ts'
import { type Reading, walk } from '../../../src/config/walk.ts'
import { takenNames } from '../../../src/telemetry/rules/taken-names.ts'
import { Views } from '../../../src/telemetry/views/views.ts'
import { request, result, stage } from './stage.ts'

const FILE = new URL('../../../docs/examples/vector-search.yaml', import.meta.url)

test('the example of vector searches', () => {
  const reading: Reading = { folder: '/', texts: new Set(), errors: [], files: [] }
  const rules = walk(schema, parse(readFileSync(FILE, 'utf8')).telemetry.rules, 'rules', reading)
  const refuse = (path: string, message: string) => reading.errors.push({ path, message, hint: undefined })
  checkRules(rules, 'rules', refuse, { upstreams: ['search'], taken: takenNames, sound: () => true })
  assert.deepEqual(reading.errors, [])

  const { pass, recorded, store } = stage(...rules)
  const search = (query: string, mode: string, results: number) =>
    pass({ body: request('vector_search', { query, mode }), response: [result({ results: Array(results).fill({}) })] })
  search('what is light?', 'semantic', 3)
  search('and what is dark?', 'made up by a caller', 0)
  pass({ body: request('vector_search', { query: 'x' }), outcome: 'timeout', seconds: 30 })
  pass({ body: request('echo', { query: 'x' }), response: [result({ results: [1] })] })
  assert.deepEqual(recorded(), {
    'vector.searches{vector_search,ok,semantic}': 1,
    'vector.searches{vector_search,ok,_other}': 1,
    'vector.searches{vector_search,timeout,}': 1,
    'vector.search.duration{vector_search}': [3, 32],
    'vector.search.query.length{}': [3, 14 + 17 + 1],
    'vector.search.results{}': [2, 3],
  })

  const [searches] = [...new Views(store).only(['metamcp']).collect()]
  assert.equal(searches?.def.name, 'metamcp_vector_searches_total')
  assert.equal(([...searches!.series][0] as { value: number }).value, 3)
})
