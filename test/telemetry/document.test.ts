/** docs/metrics.md says what the catalogue says. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { documentMetrics } from '../../src/telemetry/document.ts'

test('docs/metrics.md is up to date (else run: node .ci/generate-docs.ts)', async () => {
  assert.equal(await readFile(new URL('../../docs/metrics.md', import.meta.url), 'utf8'), documentMetrics())
})
