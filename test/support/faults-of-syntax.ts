/** Faults of syntax: framing and heads that contradict themselves, exceed every measure or are not HTTP. */
import {
  answer,
  badGateway,
  breaks,
  breaksAfter,
  CHUNKED,
  chunkedHead,
  ERROR_BODY,
  ERROR_LENGTH,
  either,
  type Fault,
  JSON_TYPE,
  LENGTH,
  OK_BODY,
  okChunk,
  okHead,
  passes,
  says,
  saysAndCloses,
} from './fault-parts.ts'
import { headBytes } from './http-head.ts'

export const syntaxFaults: readonly Fault[] = [
  // Framing
  { name: 'bad-chunk-size', behaviour: breaksAfter(chunkedHead, `${okChunk}xyz\r\n`, 'fin'), expect: breaks },
  {
    name: 'chunk-longer-than-said',
    behaviour: breaksAfter(chunkedHead, `3\r\n${OK_BODY}\r\n0\r\n\r\n`, 'fin'),
    expect: breaks,
  },
  {
    name: 'body-longer-than-length',
    behaviour: says(okHead, `${OK_BODY}surplus`),
    expect: { ...passes, outcomes: ['ok', 'upstream_reset'] },
    spoilsConnection: true,
  },
  {
    name: 'second-response-unasked',
    behaviour: says(okHead, OK_BODY, okHead, '{"jsonrpc":"2.0","id":1,"result":"forged"}'.slice(0, OK_BODY.length)),
    expect: passes,
    spoilsConnection: true,
  },
  { name: 'double-equal-length', behaviour: answer('HTTP/1.1 200 OK', JSON_TYPE, LENGTH, LENGTH), expect: either },
  {
    name: 'conflicting-lengths',
    behaviour: answer('HTTP/1.1 200 OK', JSON_TYPE, LENGTH, ['Content-Length', '5']),
    expect: badGateway,
  },
  { name: 'negative-length', behaviour: answer('HTTP/1.1 200 OK', ['Content-Length', '-1']), expect: badGateway },
  {
    name: 'length-and-chunked',
    behaviour: says(headBytes('HTTP/1.1 200 OK', [JSON_TYPE, LENGTH, CHUNKED]), okChunk, '0\r\n\r\n'),
    expect: { ...badGateway, statuses: [502, 200] },
    spoilsConnection: true,
  },
  {
    name: 'trailers',
    behaviour: says(
      headBytes('HTTP/1.1 200 OK', [JSON_TYPE, CHUNKED, ['Trailer', 'X-Sum']]),
      okChunk,
      '0\r\nX-Sum: 1\r\n\r\n',
    ),
    expect: passes,
  },
  {
    name: 'trailer-with-length',
    behaviour: answer('HTTP/1.1 200 OK', JSON_TYPE, LENGTH, ['Trailer', 'X-Sum']),
    expect: passes,
  },
  {
    name: 'trailer-on-204',
    behaviour: says(headBytes('HTTP/1.1 204 No Content', [['Trailer', 'X-Sum']])),
    expect: { ...passes, statuses: [204], outcomes: ['unknown'], unseen: ['ok'], body: '' },
  },

  // Heads
  {
    name: 'garbage',
    behaviour: saysAndCloses('SSH-2.0-OpenSSH_9.6\r\n\u0000\u0001\u0002\r\n\r\n'),
    expect: badGateway,
  },
  { name: 'tls-alert', behaviour: saysAndCloses(Buffer.from('15030100020230', 'hex')), expect: badGateway },
  { name: 'no-status', behaviour: answer('HTTP/1.1 OK', LENGTH), expect: badGateway },
  { name: 'status-99', behaviour: answer('HTTP/1.1 99 Low', LENGTH), expect: badGateway },
  {
    name: 'status-999',
    behaviour: says(headBytes('HTTP/1.1 999 High', [JSON_TYPE, ERROR_LENGTH]), ERROR_BODY),
    expect: {
      ...badGateway,
      statuses: [502, 999],
      outcomes: ['upstream_reset', 'gateway_error', 'jsonrpc_error'],
      unseen: ['upstream_reset', 'gateway_error', 'http_error'],
    },
  },
  { name: 'status-1000', behaviour: answer('HTTP/1.1 1000 Higher', LENGTH), expect: badGateway },
  { name: 'version-9', behaviour: answer('HTTP/9.9 200 OK', LENGTH), expect: badGateway },
  {
    name: 'huge-head',
    behaviour: answer('HTTP/1.1 200 OK', JSON_TYPE, LENGTH, ['X-Huge', 'h'.repeat(200_000)]),
    expect: badGateway,
  },
  {
    name: 'endless-head',
    behaviour: async (exchange) => {
      await says('HTTP/1.1 200 OK\r\n')(exchange)
      while (!exchange.gone && (await exchange.write(`X-More: ${'m'.repeat(1000)}\r\n`))) await exchange.pause(0)
    },
    expect: badGateway,
  },
  {
    name: 'header-without-colon',
    behaviour: says('HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n'),
    expect: badGateway,
  },
  {
    name: 'folded-header',
    behaviour: says(
      `HTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\nContent-Type: application/json\r\nContent-Length: ${OK_BODY.length}\r\n\r\n`,
      OK_BODY,
    ),
    expect: either,
  },
  { name: 'nul-in-header', behaviour: answer('HTTP/1.1 200 OK', ['X-Nul', 'a\u0000b'], LENGTH), expect: badGateway },
  {
    name: 'cr-in-header',
    behaviour: answer('HTTP/1.1 200 OK', ['X-Cr', 'a\rb'], JSON_TYPE, LENGTH),
    expect: { ...either, hits: 1 },
  },
  {
    name: 'hop-by-hop-headers',
    behaviour: answer(
      'HTTP/1.1 200 OK',
      ['Connection', 'keep-alive, X-Secret-Hop'],
      ['Keep-Alive', 'timeout=5'],
      ['X-Secret-Hop', '1'],
      ['Proxy-Authenticate', 'Basic'],
      ['Proxy-Connection', 'keep-alive'],
      JSON_TYPE,
      LENGTH,
    ),
    expect: passes,
  },
  {
    name: 'upgrade-header',
    behaviour: answer('HTTP/1.1 200 OK', ['Upgrade', 'h2c'], JSON_TYPE, LENGTH),
    expect: passes,
  },
  {
    name: 'many-cookies',
    behaviour: answer(
      'HTTP/1.1 200 OK',
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      JSON_TYPE,
      ['SET-COOKIE', 'a=3'],
      LENGTH,
    ),
    expect: passes,
  },
]
