/** Responses far larger than memory pass a slow reader: the upstream waits meanwhile, and the gateway keeps nothing. */
import assert from 'node:assert/strict'
import { createHash, type Hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type GatewayProcess, gatewayProcess } from '../support/gateway.ts'
import { processUse, type RssWatch, settles, watchRss } from '../support/measure.ts'
import { Random } from '../support/random.ts'
import { type RawClient, rawClient, requestBytes } from '../support/raw-client.ts'
import type { RawExchange } from '../support/raw-exchange.ts'
import { type RawOrigin, rawOrigin } from '../support/raw-origin.ts'

const MB = 1024 * 1024
const GB = 1024 * MB
/** Goal of the design. */
const ADDED_RSS = 50 * MB
/** The most that a kernel lets one end of a connection buffer. Linux says it, and newer ones allow 32 MB received. */
function kernelBuffer(name: 'tcp_rmem' | 'tcp_wmem', usual: number): number {
  const file = `/proc/sys/net/ipv4/${name}`
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split(/\s+/)[2]) : usual
}

/** What two loopback connections hold in kernel buffers when nobody reads. */
const AHEAD = 2 * (kernelBuffer('tcp_wmem', 4 * MB) + kernelBuffer('tcp_rmem', 6 * MB))
const PIECE = 64 * 1024
/** Text that stands for itself in JSON and in an event; pieces begin anywhere in it, so that none is like the next. */
const TEXT = Buffer.from(new Random(7).bytes(96 * 1024).toString('base64url'))

/** What left the upstream. */
class Sending {
  readonly hash: Hash = createHash('sha256')
  bytes = 0

  note(part: Buffer): Buffer {
    this.hash.update(part)
    this.bytes += part.length
    return part
  }
}

type Write = (part: Buffer) => Promise<boolean>
type Flood = (exchange: RawExchange, sending: Sending) => Promise<void>

/** `size` bytes in pieces. Ends early when there is nobody to write to any more. */
async function pour(size: number, write: Write, piece = PIECE): Promise<void> {
  let at = 0
  for (let left = size; left > 0; left -= piece) {
    at = (at + 7919) % (TEXT.length - PIECE)
    if (!(await write(TEXT.subarray(at, at + Math.min(piece, left))))) return
  }
}

const JSON_START = Buffer.from('{"jsonrpc":"2.0","id":1,"result":{"text":"')
const JSON_END = Buffer.from('"}}')

async function jsonText(size: number, write: Write): Promise<void> {
  await write(JSON_START)
  await pour(size - JSON_START.length - JSON_END.length, write)
  await write(JSON_END)
}

const jsonWithLength: Flood = async (exchange, sending) => {
  await exchange.head(200, [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(GB)],
  ])
  await jsonText(GB, (part) => exchange.write(sending.note(part)))
}

const jsonInChunks: Flood = async (exchange, sending) => {
  await exchange.head(200, [
    ['Content-Type', 'application/json'],
    ['Transfer-Encoding', 'chunked'],
  ])
  await jsonText(GB, (part) => exchange.chunk(sending.note(part)))
  await exchange.lastChunk()
}

const DATA = Buffer.from('data: ')
const EVENT_START = Buffer.from('data: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"')
const EVENT_END = Buffer.concat([JSON_END, Buffer.from('\n\n')])

const stream: Flood = async (exchange, sending) => {
  await exchange.openStream()
  await pour(GB, (text) => exchange.chunk(sending.note(Buffer.concat([EVENT_START, text, EVENT_END]))), 32_000)
  await exchange.chunk(sending.note(Buffer.concat([DATA, JSON_START, EVENT_END])))
  await exchange.lastChunk()
}

const oneEvent: Flood = async (exchange, sending) => {
  const size = 64 * MB
  await exchange.openStream()
  // One chunk, so that nobody can take a chunk for a unit of memory.
  await exchange.write(`${(size + DATA.length + 2).toString(16)}\r\n`)
  await exchange.write(sending.note(DATA))
  await jsonText(size, (part) => exchange.write(sending.note(part)))
  await exchange.write(sending.note(Buffer.from('\n\n')))
  await exchange.write('\r\n')
  await exchange.lastChunk()
}

interface Setup {
  readonly origin: RawOrigin
  readonly gateway: GatewayProcess
  readonly client: RawClient
  readonly sending: Sending
  readonly rssBefore: number
  readonly watch: RssWatch
}

async function setUp(t: TestContext, flood: Flood): Promise<Setup> {
  const sending = new Sending()
  const origin = await rawOrigin({
    behaviour: (exchange) =>
      exchange.request.header('x-forwarded-for') === undefined ? exchange.respond() : flood(exchange, sending),
  })
  t.after(() => origin.close())
  const gateway = await gatewayProcess(['--upstream', `${origin.url}/mcp`])
  t.after(() => gateway.close())
  const client = await rawClient(gateway.url, { within: 60_000 })
  t.after(() => client.close())
  // The first probe of the upstream is over, so that its cost is not taken for the exchange's.
  await settles(() => origin.hits > 0)
  await delay(300)
  const { rss: rssBefore } = await processUse(gateway.pid)
  return { origin, gateway, client, sending, rssBefore, watch: watchRss(gateway.pid) }
}

class Reading {
  readonly hash: Hash = createHash('sha256')
  bytes = 0
  /** Bytes by which the upstream was ahead, at most, while nobody read. */
  ahead = 0
  readonly #setup: Setup
  readonly #next: () => Promise<Buffer | undefined>

  constructor(setup: Setup, next: () => Promise<Buffer | undefined>) {
    this.#setup = setup
    this.#next = next
  }

  async read(upTo: number): Promise<void> {
    while (this.bytes < upTo) {
      const piece = await this.#next()
      if (piece === undefined) return
      this.hash.update(piece)
      this.bytes += piece.length
    }
  }

  /** Stands still until the upstream does so too. */
  async pause(): Promise<void> {
    const { client, sending } = this.#setup
    client.hold()
    const standing = async (): Promise<boolean> => {
      const before = sending.bytes
      await delay(400)
      return sending.bytes === before
    }
    await settles(standing, { within: 20_000, what: 'the upstream' })
    this.ahead = Math.max(this.ahead, sending.bytes - this.bytes)
    client.release()
  }
}

const inMB = (bytes: number): string => `${(bytes / MB).toFixed(1)} MB`

const FLOODS: ReadonlyArray<readonly [string, Flood, number]> = [
  ['a JSON response of 1 GB with a length', jsonWithLength, GB],
  ['a JSON response of 1 GB in chunks', jsonInChunks, GB],
  ['a stream of 1 GB of events', stream, GB],
  ['one event of 64 MB', oneEvent, 64 * MB],
]

for (const [what, flood, size] of FLOODS) {
  test(`${what} passes a slow reader in constant memory`, async (t) => {
    const setup = await setUp(t, flood)
    const { client, gateway, sending, rssBefore, watch } = setup
    await client.send(requestBytes({ body: '{"jsonrpc":"2.0","id":1,"method":"tools/call"}' }))
    const response = await client.head()
    assert.equal(response.status, 200)
    const reading = new Reading(setup, () => response.incoming.next())
    for (const stop of [0, 1 * MB, 20 * MB, 40 * MB]) {
      await reading.read(stop)
      await reading.pause()
    }
    const since = performance.now()
    await reading.read(Number.POSITIVE_INFINITY)
    const seconds = (performance.now() - since) / 1000
    const added = (await watch.stop()) - rssBefore
    t.diagnostic(
      `RSS ${inMB(rssBefore)} + ${inMB(added)}; upstream ahead of a standing reader by ${inMB(reading.ahead)} at most; the rest at ${inMB((size - 40 * MB) / seconds)}/s`,
    )
    assert.notEqual(response.incoming.end, 'broken')
    assert.ok(reading.bytes >= size)
    assert.equal(reading.bytes, sending.bytes)
    assert.equal(reading.hash.digest('hex'), sending.hash.digest('hex'))
    assert.ok(reading.ahead <= AHEAD, `the upstream ran ${inMB(reading.ahead)} ahead`)
    assert.ok(added <= ADDED_RSS, `${inMB(added)} of memory added`)
    await settles(() => gateway.log.some(({ msg, outcome }) => msg === 'exchange' && outcome === 'ok'))
  })
}

for (const standing of [false, true]) {
  test(`a reader that leaves a 1 GB stream midway, ${standing ? 'standing still' : 'reading'}, leaves nothing behind`, async (t) => {
    const setup = await setUp(t, stream)
    const { client, gateway, origin, rssBefore, watch } = setup
    const { sockets } = await processUse(gateway.pid)
    await client.send(requestBytes({ method: 'GET' }))
    const response = await client.head('GET')
    const reading = new Reading(setup, () => response.incoming.next())
    await reading.read(200 * MB)
    if (standing) await reading.pause()
    client.close()
    const carrying = origin.connections.find(({ requests }) => requests.some(({ method }) => method === 'GET'))
    await settles(() => carrying?.destroyed, { what: 'the upstream connection' })
    const gauges = ['mcp_requests_active', 'mcp_pool_connections_active', 'mcp_pool_streams_active']
    for (const gauge of gauges) await settles(async () => (await gateway.metric(gauge)) === 0, { what: gauge })
    const line = () => gateway.log.find(({ msg }) => msg === 'exchange')
    await settles(() => line() !== undefined, { what: 'the log line' })
    assert.equal(line()?.outcome, 'downstream_closed')
    // The connection of the metrics' reader may stay.
    await settles(async () => (await processUse(gateway.pid)).sockets <= sockets + 1, { what: 'sockets' })
    const added = (await watch.stop()) - rssBefore
    t.diagnostic(`RSS ${inMB(rssBefore)} + ${inMB(added)}`)
    assert.ok(added <= ADDED_RSS, `${inMB(added)} of memory added`)
  })
}
