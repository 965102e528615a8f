/** What the envelope scanner reads from messages, and which documents it refuses. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EnvelopeScanner, scanRequest } from '../../src/mcp/envelope.ts'
import type { Envelope } from '../../src/mcp/message.ts'

function read(text: string | Buffer, options: { strict?: boolean; lists?: boolean } = {}): Envelope {
  const messages: Envelope[] = []
  const scanner = new EnvelopeScanner((message) => messages.push(message), options)
  scanner.push(Buffer.from(text))
  assert.equal(scanner.end(), true, 'a valid document')
  assert.equal(messages.length, 1)
  return messages[0]!
}

function verdicts(text: string | Buffer): { strict: boolean; loose: boolean } {
  const scanner = new EnvelopeScanner(() => {})
  scanner.push(Buffer.from(text))
  scanner.end()
  return { strict: scanRequest(Buffer.from(text)).wellFormed, loose: scanner.wellFormed }
}

describe('kinds', () => {
  const kinds: readonly [string, Envelope['kind']][] = [
    ['{"id":1,"method":"ping"}', 'request'],
    ['{"id":null,"method":"ping"}', 'request'],
    ['{"method":"notifications/initialized"}', 'notification'],
    ['{"id":1,"result":null}', 'response'],
    ['{"id":1,"result":{},"error":null}', 'response'],
    ['{"error":{"code":-32700},"id":null}', 'error'],
    ['{"result":{},"error":{},"id":1}', 'error'],
    ['{"id":1,"error":"no object"}', 'invalid'],
    ['{"id":1}', 'invalid'],
    ['{}', 'invalid'],
    ['{"id":true,"method":"ping"}', 'invalid'],
    ['{"id":[1],"result":{}}', 'invalid'],
    ['{"id":1,"method":7}', 'invalid'],
  ]
  for (const [text, kind] of kinds) test(`${text} is ${kind}`, () => assert.equal(read(text).kind, kind))
})

describe('facts', () => {
  test('an id behind the result, and integers that no double holds', () => {
    const { id, kind, cancelledId } = read(
      '{"result":{"a":[{"id":2}]},"params":{"requestId":-9007199254740993},"id":9007199254740993}',
    )
    assert.deepEqual(
      { id, kind, cancelledId },
      { id: 9007199254740993n, kind: 'response', cancelledId: -9007199254740993n },
    )
  })

  test('keys and values written with escapes', () => {
    const { id, method } = read('{"\\u0069d":"\\u00e9\\n\\ud83d\\ude00","m\\u0065thod":"tools\\/call"}')
    assert.deepEqual({ id, method }, { id: 'é\n😀', method: 'tools/call' })
  })

  test('half a surrogate pair and invalid UTF-8 become U+FFFD', () => {
    assert.equal(read('{"id":"a\\ud800b"}').id, 'a\ufffdb')
    assert.equal(read(Buffer.from('7b226964223a2261ff62227d', 'hex')).id, 'a\ufffdb')
  })

  test('a key of the protocol counts only in its own object', () => {
    const { name, method, id } = read('{"params":{"arguments":{"name":"x","method":"y","id":1},"list":[{"name":"z"}]}}')
    assert.deepEqual({ name, method, id }, { name: undefined, method: undefined, id: undefined })
  })

  test('the peer comes from _meta only when it stands nowhere else, whatever the order', () => {
    const top = '"clientInfo":{"name":"top","version":"1"}'
    const meta = '"_meta":{"io.modelcontextprotocol/clientInfo":{"name":"meta","version":"2"}}'
    for (const members of [`${top},${meta}`, `${meta},${top}`])
      assert.equal(read(`{"params":{${members}}}`).peerName, 'top')
    assert.equal(read(`{"params":{${meta}}}`).peerVersion, '2')
    const server = '{"result":{"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"3"}}}}'
    assert.deepEqual([read(server).peerName, read(server).peerVersion], ['s', '3'])
  })

  test('values of 4,096 bytes are read, longer ones not; an error message is cut', () => {
    for (const chunk of [64, 1e6]) {
      const messages: Envelope[] = []
      const scanner = new EnvelopeScanner((message) => messages.push(message))
      const longest = 'x'.repeat(4096)
      const texts = [
        `{"id":"${longest}","method":"${longest}"}`,
        `{"id":"${longest}y","method":"${longest}y"}`,
        `{"id":${'1'.repeat(4097)},"error":{"message":"${'é'.repeat(9000)}"}}`,
      ]
      for (const text of texts) {
        const body = Buffer.from(text)
        for (let at = 0; at < body.length; at += chunk) scanner.push(body, at, Math.min(body.length, at + chunk))
        assert.equal(scanner.end(), true)
      }
      const [read, tooLong, number] = messages
      assert.deepEqual([read?.id, read?.method, read?.overlong, read?.kind], [longest, longest, false, 'request'])
      assert.deepEqual(
        [tooLong?.id, tooLong?.method, tooLong?.overlong, tooLong?.kind],
        [undefined, undefined, true, 'request'],
      )
      assert.deepEqual([number?.id, number?.overlong, number?.errorMessage], [undefined, true, 'é'.repeat(256)])
    }
  })

  test('an error message is never cut inside a character', () => {
    assert.equal(read(`{"error":{"message":"${'x'.repeat(255)}😀"}}`).errorMessage, 'x'.repeat(255))
  })

  test('texts that look alike are told apart', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `tool_${i % 7}_${i}_same_end`)
    for (const name of [...names, ...names.toReversed()]) assert.equal(read(`{"params":{"name":"${name}"}}`).name, name)
  })
})

describe('duplicates', () => {
  const duplicates: readonly [string, string | undefined][] = [
    ['{"id":1,"id":2}', 'id'],
    ['{"jsonrpc":"2.0","jsonrpc":"2.0"}', 'jsonrpc'],
    ['{"params":{"name":"a","n\\u0061me":"b"}}', 'params.name'],
    ['{"params":{"_meta":{"traceparent":"","traceparent":""}},"id":1,"id":1}', 'params._meta.traceparent'],
    ['{"result":{"isError":true,"isError":false}}', 'result.isError'],
    ['{"error":{"code":1,"code":2}}', 'error.code'],
    ['{"params":{"arguments":{"id":1,"id":2},"x":1,"x":2}}', undefined],
    ['{"params":{"name":"a"},"result":{"name":"b"},"id":1}', undefined],
  ]
  for (const [text, duplicate] of duplicates) {
    test(`${text}: ${duplicate ?? 'none'}`, () => assert.equal(read(text).duplicate, duplicate))
  }

  test('the last value wins, also over all that an earlier object said', () => {
    const { name, uri, peerName, hasError, id, kind } = read(
      '{"id":[],"error":{"code":1},"params":{"name":"a","clientInfo":{"name":"b"}},"params":{"uri":"u"},"error":null,"id":3,"result":1}',
    )
    assert.deepEqual(
      { name, uri, peerName, hasError, id, kind },
      { name: undefined, uri: 'u', peerName: undefined, hasError: false, id: 3, kind: 'response' },
    )
  })
})

describe('lists', () => {
  const first = '{"inputSchema":{"name":"not this"},"name":"one"}'
  const second = '{ "name" : "tw\\u006f" }'
  const text = `{"id":1,"result":{"tools":[${first} , ${second},3,{"title":"nameless"}],"prompts":[],"nextCursor":"c"}}`

  test('give name, length and hash of each definition, however they are cut', () => {
    const whole = read(text, { lists: true })
    assert.deepEqual(
      whole.tools?.map(({ name, bytes }) => [name, bytes]),
      [
        ['one', first.length],
        ['two', second.length],
      ],
    )
    assert.deepEqual([whole.prompts, whole.nextCursor], [[], 'c'])
    const again = read(`{"result":{"tools":[${first}]}}`, { lists: true })
    const changed = read(`{"result":{"tools":[${first.replace('this', 'that')}]}}`, { lists: true })
    assert.equal(again.tools?.[0]?.hash, whole.tools?.[0]?.hash)
    assert.notEqual(changed.tools?.[0]?.hash, whole.tools?.[0]?.hash)
    const messages: Envelope[] = []
    const scanner = new EnvelopeScanner((message) => messages.push(message), { lists: true })
    for (const byte of Buffer.from(text)) scanner.push(Buffer.from([byte]))
    assert.deepEqual(messages, [whole])
  })

  test('are skipped unless they are wanted', () => {
    const { tools, prompts, nextCursor } = read(text)
    assert.deepEqual({ tools, prompts, nextCursor }, { tools: undefined, prompts: undefined, nextCursor: 'c' })
  })

  test('keep a bounded number of items', () => {
    const many = Array.from({ length: 1500 }, (_, i) => `{"name":"${i}"}`)
    assert.equal(read(`{"result":{"tools":[${many.join()}]}}`, { lists: true }).tools?.length, 1000)
  })
})

describe('documents', () => {
  test('a message is there as soon as its last brace was read', () => {
    let messages = 0
    const scanner = new EnvelopeScanner(() => messages++)
    scanner.push(Buffer.from('[{"id":1,"result":{}}'))
    assert.equal(messages, 1)
    scanner.push(Buffer.from(',{"id":2}'))
    assert.equal(messages, 2)
    assert.deepEqual([scanner.end(), messages], [false, 2])
  })

  test('what is JSON but no message is well-formed, not valid', () => {
    for (const text of ['1', '"x"', 'null', '[1]', '[{},[]]']) {
      const { messages, valid, wellFormed } = scanRequest(Buffer.from(text))
      assert.deepEqual([valid, wellFormed, messages.at(-1)?.kind], [false, true, 'invalid'], text)
    }
    assert.deepEqual(scanRequest(Buffer.from('[]')), { messages: [], batch: true, valid: true, wellFormed: true })
    assert.equal(scanRequest(Buffer.from(' -12 ')).messages[0]?.bytes, 3)
  })

  test('a byte order mark and white space are skipped, wherever they are cut', () => {
    const scanner = new EnvelopeScanner(() => {})
    for (const byte of Buffer.from('\ufeff \r\n\t{} \n')) scanner.push(Buffer.from([byte]))
    assert.equal(scanner.end(), true)
    for (const text of ['\ufeff', '\ufeff\ufeff{}', ' \ufeff{}', '']) assert.equal(verdicts(text).strict, false)
    scanner.push(Buffer.from([0xef, 0x7b, 0x7d]))
    assert.equal(scanner.end(), false)
  })

  test('nesting is bounded at 512 levels', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    const inMessage = (depth: number) => `[{"params":${'{"a":'.repeat(depth - 2)}1${'}'.repeat(depth - 2)}}]`
    for (const shape of [nested, inMessage]) {
      assert.deepEqual(verdicts(shape(512)), { strict: true, loose: true })
      assert.deepEqual(verdicts(shape(513)), { strict: false, loose: false })
    }
    const mixed = `${'[{"a":'.repeat(200)}0${'}]'.repeat(200)}`
    assert.deepEqual(verdicts(mixed), { strict: true, loose: true })
    assert.equal(verdicts(mixed.replace('0}]}]', '0}]]}')).loose, false)
  })

  test('a scanner is as new after a document that was broken anywhere', () => {
    const broken =
      '{"id":"a\\u00e9","method":12.5e1,"params":{"x":["\\n",true,null],"name":"b"},"result":{"tools":[{"name":"c"}]}}'
    const messages: Envelope[] = []
    const scanner = new EnvelopeScanner((message) => messages.push(message), { strict: true, lists: true })
    const good = Buffer.from('{"id":"z\\u0041","method":"ping","params":{"x":"\\"","name":"n"}}')
    scanner.push(good)
    scanner.end()
    for (let length = 0; length < broken.length; length++) {
      for (const end of ['', '\u0000', '}}}}']) {
        scanner.push(Buffer.from(broken.slice(0, length) + end))
        if (length % 2 === 0) assert.equal(scanner.end(), false)
        else scanner.reset()
        scanner.push(good)
        assert.equal(scanner.end(), true)
        assert.deepEqual(messages.at(-1), messages[0])
      }
    }
  })
})

describe('syntax', () => {
  const refused = [
    '{"a":01}', '{"a":1.}', '{"a":.5}', '{"a":-}', '{"a":+1}', '{"a":1e}', '{"a":1e+}', '{"a":0x1}', '{"a":1 2}', '{"a":-01}',
    '{"a":NaN}', '{"a":tru}', '{"a":truex}', '{"a":True}', '{"a":nul', '{"a"}', '{"a":}', '{"a":1,}', '{,}', '{a:1}', "{'a':1}",
    '{"a":1]', '{"a":[1}', '{"a":[1,]}', '{"a":[,1]}', '{"a":1}}', '{"a":1}{}', '{"a":1},', '[{}', '[{},]', '{"a":"', '{"a', '{"a":1\u00a0}',
    '{"a":/**/1}', '{"a":[1 2]}', '{"a"::1}', '{"a":1,,"b":2}', '{"a":1\u0000}', '{"a":[}', '{"a":{]}',
  ] // biome-ignore format: a list
  for (const text of refused) {
    test(`${JSON.stringify(text)} is refused`, () => {
      assert.deepEqual(verdicts(text), { strict: false, loose: false })
      assert.throws(() => JSON.parse(text))
    })
  }

  const looselyTaken = [
    '{"a":"\\x"}',
    '{"a":"\\u12g4"}',
    '{"a":"\t"}',
    '{"a":"\u0000"}',
    '{"\\u":1}',
    '{"a":"\\u123"}',
    '{"a":["\\U0041"]}',
  ]
  for (const text of looselyTaken) {
    test(`${JSON.stringify(text)} is refused strictly only`, () => {
      assert.deepEqual(verdicts(text), { strict: false, loose: true })
    })
  }

  test('what looks like syntax inside a string is none', () => {
    const strings = [
      '"}"',
      '"\\""',
      '"\\\\"',
      '"\\\\\\""',
      '"{\\"id\\":2}"',
      `"${'\\"'.repeat(100)}"`,
      `"${'\\\\'.repeat(99)}"`,
    ]
    const padded = strings.flatMap((text) =>
      [0, 23, 24, 47, 48, 49, 300].map((pad) => `"${'x'.repeat(pad)}${text.slice(1)}`),
    )
    for (const text of padded) {
      const document = `{"result":{"text":${text},"more":[${text}],${text}:1},"x":${text},"id":3}`
      assert.deepEqual(verdicts(document), { strict: true, loose: true }, document)
      assert.equal(read(document).id, 3)
    }
  })

  test('a long string may be cut at every place, also inside its escapes', () => {
    const text = `{"x":"${'y'.repeat(60)}\\\\\\"${'z'.repeat(60)}\\"\\u0022\\\\","id":3}`
    assert.equal(JSON.parse(text).id, 3)
    for (const strict of [true, false]) {
      for (let cut = 0; cut <= text.length; cut++) {
        const ids: Envelope['id'][] = []
        const scanner = new EnvelopeScanner(({ id }) => ids.push(id), { strict })
        scanner.push(Buffer.from(text.slice(0, cut)))
        scanner.push(Buffer.from(text.slice(cut)))
        assert.deepEqual([scanner.end(), ids], [true, [3]], `cut at ${cut}`)
      }
    }
  })
})
