/** No faults in themselves: answers that are legal, or nearly, and still trip a careless gateway. */
import {
  badGateway,
  breaksAfter,
  ERROR_BODY,
  ERROR_LENGTH,
  type Fault,
  JSON_TYPE,
  LENGTH,
  OK_BODY,
  okHead,
  passes,
  says,
  saysAndCloses,
} from './fault-parts.ts'
import { headBytes } from './http-head.ts'

export const surpriseFaults: readonly Fault[] = [
  // Order
  {
    name: 'early-response-kept',
    behaviour: async (exchange) => {
      await exchange.write(okHead)
      await exchange.write(OK_BODY)
    },
    expect: passes,
  },
  {
    name: 'early-response-closed',
    behaviour: async (exchange) => {
      await exchange.write(headBytes('HTTP/1.1 413 Too Large', [JSON_TYPE, ERROR_LENGTH, ['Connection', 'close']]))
      await exchange.write(ERROR_BODY)
      exchange.fin()
    },
    expect: { ...passes, statuses: [413], outcomes: ['jsonrpc_error'], unseen: ['http_error'], body: ERROR_BODY },
  },
  {
    name: 'early-response-unread',
    behaviour: async (exchange) => {
      exchange.hold()
      await exchange.write(headBytes('HTTP/1.1 413 Too Large', [JSON_TYPE, ERROR_LENGTH, ['Connection', 'close']]))
      await exchange.write(ERROR_BODY)
      await exchange.pause(25)
      exchange.destroy()
    },
    // Closing with unread bytes sends a RST, which may overtake the answer when the request is large.
    expect: {
      ...passes,
      statuses: [413, 502],
      outcomes: ['jsonrpc_error', 'upstream_reset'],
      unseen: ['http_error', 'upstream_reset'],
      body: ERROR_BODY,
    },
    spoilsConnection: true,
  },
  { name: 'continue-first', behaviour: says('HTTP/1.1 100 Continue\r\n\r\n', okHead, OK_BODY), expect: passes },
  {
    name: 'early-hints-first',
    behaviour: says(
      'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n',
      'HTTP/1.1 102 Processing\r\n\r\n',
      okHead,
      OK_BODY,
    ),
    expect: passes,
  },
  {
    name: 'switching-unasked',
    behaviour: saysAndCloses('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'),
    expect: badGateway,
  },
  {
    name: 'close-after-response',
    behaviour: saysAndCloses(okHead, OK_BODY),
    expect: passes,
    spoilsConnection: true,
  },
  {
    name: 'reset-after-response',
    behaviour: breaksAfter(okHead, OK_BODY, 'reset'),
    expect: passes,
    spoilsConnection: true,
  },
  {
    name: 'reset-on-next-request',
    behaviour: async (exchange) => {
      await says(okHead, OK_BODY)(exchange)
      // Whoever sends again here cannot know whether that request was seen: only an unsent one may be repeated.
      if (await exchange.nextBytes()) exchange.reset()
    },
    expect: passes,
    spoilsConnection: true,
  },
  {
    name: 'connection-close',
    behaviour: saysAndCloses(headBytes('HTTP/1.1 200 OK', [JSON_TYPE, LENGTH, ['Connection', 'close']]), OK_BODY),
    expect: passes,
    spoilsConnection: true,
  },

  // Kinds of body
  {
    name: 'http10-with-length',
    behaviour: saysAndCloses(headBytes('HTTP/1.0 200 OK', [JSON_TYPE, LENGTH]), OK_BODY),
    expect: passes,
  },
  {
    name: 'http10-to-close',
    behaviour: saysAndCloses(headBytes('HTTP/1.0 200 OK', [JSON_TYPE]), OK_BODY),
    expect: passes,
  },
  {
    name: 'close-delimited',
    behaviour: saysAndCloses(headBytes('HTTP/1.1 200 OK', [JSON_TYPE]), OK_BODY),
    expect: passes,
  },
  {
    name: 'no-content',
    behaviour: says('HTTP/1.1 204 No Content\r\n\r\n'),
    // Whole on the wire, and no answer to a call.
    expect: { ...passes, statuses: [204], outcomes: ['unknown'], unseen: ['ok'], body: '' },
  },
  {
    name: 'not-modified',
    behaviour: says(headBytes('HTTP/1.1 304 Not Modified', [['ETag', '"e"'], LENGTH])),
    method: 'GET',
    expect: { ...passes, statuses: [304], outcomes: ['http_error'], unseen: ['ok'], body: '' },
  },
  { name: 'head', behaviour: says(okHead), method: 'HEAD', expect: { ...passes, body: '' } },
  {
    name: 'accepted',
    behaviour: says('HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n'),
    expect: { ...passes, statuses: [202], outcomes: ['unknown'], unseen: ['ok'], body: '' },
  },
  {
    name: 'unavailable',
    behaviour: (exchange) => exchange.respond({ status: 503, headers: [['Retry-After', '1']], body: 'later' }),
    expect: { statuses: [503], outcomes: ['http_error'], hits: 1, end: 'clean', body: 'later' },
  },
]
