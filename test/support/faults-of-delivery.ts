/** Faults of delivery: connections that end too early, or not at all, or too slowly. */
import {
  answerChunk,
  badGateway,
  breaks,
  breaksAfter,
  CHUNKED,
  CLOSING,
  chunkedHead,
  chunks,
  type Fault,
  JSON_TYPE,
  longHead,
  OK_BODY,
  okChunk,
  okHead,
  passes,
  SSE_TYPE,
  says,
  sseEvent,
  sseHead,
} from './fault-parts.ts'
import { headBytes } from './http-head.ts'

export const deliveryFaults: readonly Fault[] = [
  // Connection
  {
    name: 'reset-on-accept',
    behaviour: (exchange) => exchange.reset(),
    onConnection: (connection) => connection.wire.reset(),
    expect: { statuses: [502], outcomes: ['upstream_unreachable', 'upstream_reset'], hits: 0, end: 'clean' },
  },
  {
    name: 'close-on-accept',
    behaviour: (exchange) => exchange.destroy(),
    onConnection: (connection) => connection.wire.destroy(),
    expect: { statuses: [502], outcomes: ['upstream_unreachable', 'upstream_reset'], hits: 0, end: 'clean' },
  },
  { name: 'reset-before-head', behaviour: breaksAfter(Buffer.alloc(0), '', 'reset'), expect: badGateway },
  { name: 'close-before-head', behaviour: breaksAfter(Buffer.alloc(0), '', 'fin'), expect: badGateway },
  {
    name: 'close-mid-head',
    behaviour: breaksAfter(Buffer.from('HTTP/1.1 200 OK\r\nContent-'), '', 'fin'),
    expect: badGateway,
  },

  // Body cut short
  { name: 'reset-mid-length', behaviour: breaksAfter(longHead, '{"part":', 'reset'), expect: breaks },
  { name: 'close-mid-length', behaviour: breaksAfter(longHead, '{"part":', 'fin'), expect: breaks },
  { name: 'reset-mid-chunked', behaviour: breaksAfter(chunkedHead, okChunk, 'reset'), expect: breaks },
  { name: 'close-without-last-chunk', behaviour: breaksAfter(chunkedHead, okChunk, 'fin'), expect: breaks },
  { name: 'close-mid-chunk', behaviour: breaksAfter(chunkedHead, `40\r\n${OK_BODY}`, 'fin'), expect: breaks },
  { name: 'close-mid-trailer', behaviour: breaksAfter(chunkedHead, `${okChunk}0\r\nX-Trail`, 'fin'), expect: breaks },
  { name: 'reset-mid-stream', behaviour: breaksAfter(sseHead, chunks(3), 'reset'), method: 'GET', expect: breaks },
  { name: 'close-mid-stream', behaviour: breaksAfter(sseHead, chunks(3), 'fin'), method: 'GET', expect: breaks },
  {
    name: 'reset-stream-before-answer',
    behaviour: breaksAfter(sseHead, chunks(3), 'reset'),
    expect: breaks,
  },
  {
    // What an event brings is brought, whatever becomes of the stream.
    name: 'reset-stream-behind-answer',
    behaviour: breaksAfter(sseHead, answerChunk, 'reset'),
    expect: { ...breaks, operation: 'ok' },
  },
  {
    name: 'stream-without-answer',
    behaviour: says(sseHead, chunks(3), '0\r\n\r\n'),
    expect: { ...breaks, unseen: ['ok'], end: 'clean' },
  },
  {
    // Without keep-alive, a client may take a RST for the end of the body: it is none.
    name: 'reset-mid-chunked-closing',
    behaviour: breaksAfter(headBytes('HTTP/1.1 200 OK', [JSON_TYPE, CHUNKED, CLOSING]), okChunk, 'reset'),
    expect: breaks,
  },
  {
    name: 'reset-mid-length-closing',
    behaviour: breaksAfter(
      headBytes('HTTP/1.1 200 OK', [JSON_TYPE, ['Content-Length', '100'], CLOSING]),
      OK_BODY,
      'reset',
    ),
    expect: breaks,
  },
  {
    name: 'close-mid-stream-closing',
    behaviour: breaksAfter(headBytes('HTTP/1.1 200 OK', [SSE_TYPE, CHUNKED, CLOSING]), chunks(3), 'fin'),
    method: 'GET',
    expect: breaks,
  },
  {
    name: 'reset-close-delimited',
    behaviour: breaksAfter(headBytes('HTTP/1.1 200 OK', [JSON_TYPE]), OK_BODY, 'reset'),
    expect: breaks,
  },

  // Time
  {
    name: 'hang-before-head',
    behaviour: async (exchange) => void (await exchange.closed),
    expect: { statuses: [504], outcomes: ['timeout'], hits: 1, end: 'clean' },
  },
  {
    name: 'hang-mid-head',
    behaviour: async (exchange) => {
      await says('HTTP/1.1 200 OK\r\nContent-')(exchange)
      await exchange.closed
    },
    expect: { statuses: [504], outcomes: ['timeout'], hits: 1, end: 'clean' },
  },
  {
    name: 'hang-mid-body',
    behaviour: async (exchange) => {
      await says(longHead, '{"part":')(exchange)
      await exchange.closed
    },
    expect: { statuses: [200], outcomes: ['timeout'], hits: 1, end: 'broken' },
  },
  {
    name: 'drip',
    behaviour: async (exchange) => {
      await exchange.body()
      for (const byte of Buffer.concat([okHead, Buffer.from(OK_BODY)])) {
        if (!(await exchange.write(Uint8Array.of(byte))) || !(await exchange.pause(1))) return
      }
    },
    expect: passes,
  },
  {
    name: 'silent-stream',
    behaviour: async (exchange) => {
      await says(sseHead)(exchange)
      await exchange.closed
    },
    method: 'GET',
    expect: { statuses: [200], outcomes: ['ok'], hits: 1, end: 'none' },
  },
  {
    name: 'endless-stream',
    behaviour: async (exchange) => {
      await exchange.openStream()
      for (let index = 0; !exchange.gone && (await exchange.chunk(sseEvent(index))); index++) await exchange.pause(2)
    },
    method: 'GET',
    expect: { statuses: [200], outcomes: ['ok'], hits: 1, end: 'none' },
  },
]
