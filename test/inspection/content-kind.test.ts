/** Which bodies are read as JSON, by what their Content-Type says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentKind } from '../../src/inspection/content-kind.ts'

test('JSON is JSON in every spelling, with parameters and with a suffix', () => {
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset=x',
    ' application/json ',
    'application/problem+json',
    'application/vnd.x-1+json; v=1',
  ])
    assert.equal(contentKind(type), 'json', type)
})

test('everything else is not', () => {
  for (const type of [
    undefined,
    '',
    'text/html',
    'text/json',
    'application/jsonl',
    'application/json-seq',
    'application/x-ndjson',
    'text/plain; x=application/json',
    'application/+json',
    'application/json/x',
  ])
    assert.equal(contentKind(type), 'other', type)
})
