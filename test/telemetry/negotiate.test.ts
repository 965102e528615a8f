/** Which form of the page a scraper gets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptsGzip, negotiate } from '../../src/telemetry/negotiate.ts'

const prometheus2 =
  'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
const prometheus3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'

const forms = [
  [undefined, 'text'],
  ['', 'text'],
  ['*/*', 'text'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
  ['text/plain', 'text'],
  ['text/*', 'text'],
  ['image/png', 'text'],
  [prometheus2, 'openmetrics'],
  [prometheus3, 'openmetrics'],
  ['application/openmetrics-text', 'openmetrics'],
  ['Application/OpenMetrics-Text; Version="1.0.0"', 'openmetrics'],
  ['application/openmetrics-text;version=0.0.1, text/plain;q=0.1', 'text'],
  ['application/openmetrics-text;q=0.2, text/plain;q=0.3', 'text'],
  ['application/openmetrics-text;q=0, */*', 'text'],
  ['text/plain;q=0, application/openmetrics-text;q=0.1', 'openmetrics'],
  ['text/plain;q=0, */*', 'openmetrics'],
  ['application/json', 'json'],
  ['application/json, */*', 'json'],
  ['application/openmetrics-text, text/plain', 'openmetrics'],
  ['text/plain, application/openmetrics-text', 'text'],
  ['application/json;q=nonsense, application/openmetrics-text;q=0.1', 'openmetrics'],
  [';;;,,,q=1', 'text'],
] as const

for (const [accept, form] of forms) {
  test(`Accept: ${accept} gives ${form}`, () => assert.equal(negotiate(accept), form))
}

const encodings = [
  [undefined, false],
  ['', false],
  ['identity', false],
  ['gzip', true],
  ['deflate, GZIP;q=0.5', true],
  ['gzip;q=0', false],
  ['gzip;q=0.0, *', false],
  ['*', true],
  ['*;q=0', false],
] as const

for (const [accept, yes] of encodings) {
  test(`Accept-Encoding: ${accept} ${yes ? 'takes' : 'does not take'} gzip`, () =>
    assert.equal(acceptsGzip(accept), yes))
}
