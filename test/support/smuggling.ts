/** Requests that make two parsers disagree, byte for byte, each with what a gateway may answer and let through. */
import { CRLF } from './http-head.ts'

export interface SmugglingShape {
  readonly name: string
  /** What to send for this method target; a correct gateway sees one bad request, or one good and nothing hidden. */
  readonly bytes: (target: string) => Buffer
  /** Statuses that are correct for the first response. */
  readonly statuses: readonly number[]
  /** Most requests that may reach the origin. Nothing that names `/smuggled` ever may. */
  readonly hits: number
}

/** Target of the request hidden inside each smuggling shape. */
export const SMUGGLED = '/smuggled'

const BODY = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
const HIDDEN = `POST ${SMUGGLED} HTTP/1.1${CRLF}Host: localhost${CRLF}Content-Length: 0${CRLF}${CRLF}`

type Lines = readonly string[]

function request(lines: Lines, body: string, startLine = (target: string) => `POST ${target} HTTP/1.1`) {
  return (target: string) => Buffer.from([startLine(target), ...lines, '', body].join(CRLF), 'latin1')
}

const HOST = 'Host: localhost'
const TYPE = 'Content-Type: application/json'
const LENGTH = `Content-Length: ${BODY.length}`
const CHUNKED_HIDDEN = `0${CRLF}${CRLF}${HIDDEN}`

function refused(name: string, bytes: SmugglingShape['bytes'], statuses: readonly number[] = [400]): SmugglingShape {
  return { name, bytes, statuses, hits: 0 }
}

/** A Transfer-Encoding line beside a Content-Length that covers a hidden request. */
function codings(name: string, ...lines: Lines): SmugglingShape {
  const length = `Content-Length: ${CHUNKED_HIDDEN.length}`
  return refused(name, request([HOST, TYPE, length, ...lines], CHUNKED_HIDDEN), [400, 501])
}

function duplicate(name: string, first: string, second: string): SmugglingShape {
  const lines = name === 'Host' ? [] : [HOST]
  const twice = [`${name}: ${first}`, `${name.toLowerCase()}: ${second}`]
  return refused(`duplicate-${name.toLowerCase()}`, request([...lines, ...twice, TYPE, LENGTH], BODY), [400, 403])
}

export const smugglingShapes: readonly SmugglingShape[] = [
  codings('length-then-chunked', 'Transfer-Encoding: chunked'),
  codings('chunked-with-tab', 'Transfer-Encoding:\tchunked'),
  codings('chunked-space-before-colon', 'Transfer-Encoding : chunked'),
  codings('chunked-upper-case', 'TRANSFER-ENCODING: CHUNKED'),
  codings('chunked-twice', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
  codings('chunked-then-identity', 'Transfer-Encoding: chunked, identity'),
  codings('chunked-vertical-tab', 'Transfer-Encoding: \u000bchunked'),
  codings('chunked-folded', 'Transfer-Encoding:', ' chunked'),
  codings('unknown-coding', 'Transfer-Encoding: xchunked'),
  codings('chunked-quoted', 'Transfer-Encoding: "chunked"'),
  refused(
    'duplicate-length-differing',
    request([HOST, TYPE, 'Content-Length: 0', `Content-Length: ${HIDDEN.length}`], HIDDEN),
  ),
  refused('length-list', request([HOST, TYPE, `Content-Length: 0, ${HIDDEN.length}`], HIDDEN)),
  refused('length-plus', request([HOST, TYPE, `Content-Length: +${BODY.length}`], BODY)),
  refused('length-hexadecimal', request([HOST, TYPE, 'Content-Length: 0x10'], BODY)),
  refused('length-negative', request([HOST, TYPE, 'Content-Length: -1'], BODY)),
  refused('length-space-before-colon', request([HOST, TYPE, `Content-Length : ${BODY.length}`], BODY)),
  refused('bare-lf-head', (target) => Buffer.from(`POST ${target} HTTP/1.1\n${HOST}\nX-A: b\n${LENGTH}\n\n${BODY}`)),
  refused('bare-lf-in-header', request([HOST, `X-A: b\nX-Hidden: c`, TYPE, LENGTH], BODY)),
  refused('bare-cr-in-header', request([HOST, `X-A: b\rX-Hidden: c`, TYPE, LENGTH], BODY)),
  refused('nul-in-header', request([HOST, 'X-A: b\u0000c', TYPE, LENGTH], BODY)),
  refused('header-without-colon', request([HOST, 'nocolon', TYPE, LENGTH], BODY)),
  refused('header-name-with-space', request([HOST, 'X A: b', TYPE, LENGTH], BODY)),
  refused('first-header-folded', request([' folded: yes', HOST, TYPE, LENGTH], BODY)),
  refused('no-host', request([TYPE, LENGTH], BODY), [400, 403]),
  refused(
    'chunk-size-garbage',
    request([HOST, TYPE, 'Transfer-Encoding: chunked'], `zz${CRLF}${BODY}${CRLF}0${CRLF}${CRLF}`),
  ),
  refused(
    'chunk-size-overflow',
    request([HOST, TYPE, 'Transfer-Encoding: chunked'], `1000000000000000a${CRLF}${BODY}${CRLF}0${CRLF}${CRLF}`),
    [400, 413],
  ),
  refused(
    'chunk-bare-lf',
    request([HOST, TYPE, 'Transfer-Encoding: chunked'], `${BODY.length.toString(16)}\n${BODY}\n0\n\n`),
  ),
  duplicate('Host', 'localhost', 'evil.example'),
  duplicate('Origin', 'http://localhost', 'http://evil.example'),
  duplicate('Mcp-Session-Id', 'a', 'b'),
  duplicate('Authorization', 'Bearer a', 'Bearer b'),
  refused('connection-names-authorization', request([HOST, 'Connection: close, Authorization', TYPE, LENGTH], BODY)),
  refused('connection-names-session', request([HOST, 'Connection: mcp-session-id', TYPE, LENGTH], BODY)),
  {
    name: 'absolute-form-target',
    bytes: request([HOST, TYPE, LENGTH], BODY, (target) => `POST http://evil.example${target} HTTP/1.1`),
    statuses: [200, 400, 403, 404, 421],
    hits: 1,
  },
  {
    name: 'http10-chunked',
    bytes: request([HOST, TYPE, 'Transfer-Encoding: chunked'], CHUNKED_HIDDEN, (target) => `POST ${target} HTTP/1.0`),
    statuses: [200, 202, 400, 505],
    hits: 1,
  },
  {
    name: 'trailer-injects-authorization',
    bytes: request(
      [HOST, TYPE, 'Transfer-Encoding: chunked', 'Trailer: Authorization'],
      `${BODY.length.toString(16)}${CRLF}${BODY}${CRLF}0${CRLF}Authorization: Bearer forged${CRLF}${CRLF}`,
    ),
    statuses: [200, 400],
    hits: 1,
  },
  {
    name: 'body-on-get',
    bytes: request([HOST, `Content-Length: ${HIDDEN.length}`], HIDDEN, (target) => `GET ${target} HTTP/1.1`),
    statuses: [200, 400, 405, 413],
    hits: 1,
  },
]
