/** Decompression beside the stream: every coding, cut anywhere, at once when flushed, and given up when it costs too much. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import zlib from 'node:zlib'
import { createInflater, type InflateResult, type Inflater } from '../../src/inspection/inflate.ts'
import { settles } from '../support/measure.ts'
import { freshSeed, Random } from '../support/random.ts'

const MANY = { ratio: 1000, bytes: 64 << 20 }
const MEGABYTE = 1 << 20

const compress: Readonly<Record<string, (plain: Buffer) => Buffer>> = {
  gzip: zlib.gzipSync,
  'x-gzip': zlib.gzipSync,
  ' GZip ': zlib.gzipSync,
  deflate: zlib.deflateSync,
  br: (plain) => zlib.brotliCompressSync(plain, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  zstd: zlib.zstdCompressSync,
  'identity, gzip': zlib.gzipSync,
  'gzip, br': (plain) => zlib.brotliCompressSync(zlib.gzipSync(plain)),
  'gzip,gzip': (plain) => zlib.gzipSync(zlib.gzipSync(plain)),
  'deflate , zstd': (plain) => zlib.zstdCompressSync(zlib.deflateRawSync(plain)),
}
const never = (): void => assert.fail('called')
const SINGLE = ['gzip', 'deflate', 'br', 'zstd']

interface Seen {
  readonly inflater: Inflater
  readonly chunks: Buffer[]
  readonly results: InflateResult[]
  result(): Promise<InflateResult>
}

function inflate(coding: string, options = MANY): Seen {
  const chunks: Buffer[] = []
  const results: InflateResult[] = []
  const inflater = createInflater(
    coding,
    options,
    (chunk) => {
      assert.equal(results.length, 0, 'data after the end')
      // Copied: only the call may look at it.
      chunks.push(Buffer.from(chunk))
    },
    (result) => results.push(result),
  )
  assert.ok(inflater)
  const result = async (): Promise<InflateResult> => settles(() => results[0] ?? '', { what: coding }) as never
  return { inflater, chunks, results, result }
}

const plain = (random: Random): Buffer =>
  Buffer.concat(random.times(random.integer(1, 30), () => Buffer.alloc(random.integer(1, 9000), `${random.bits()} `)))

describe('what was compressed comes out, however it is cut', () => {
  for (const [coding, compressed] of Object.entries({ ...compress, Deflate: zlib.deflateRawSync })) {
    it(coding, async () => {
      const random = new Random(freshSeed())
      for (let round = 0; round < 8; round++) {
        const text = plain(random)
        const bytes = compressed(text)
        const seen = inflate(coding)
        const most = random.pick([bytes.length > 3000 ? 100 : 1, 20, 4096, bytes.length])
        for (let at = 0; at < bytes.length; ) {
          const to = at + random.integer(1, most)
          seen.inflater.push(bytes.subarray(at, to))
          at = to
          // Some chunks come while the last is still in work, some after it.
          if (random.chance(0.3)) await turn()
        }
        seen.inflater.end()
        assert.equal(await seen.result(), 'complete', `seed ${random.seed}`)
        assert.ok(Buffer.concat(seen.chunks).equals(text), `seed ${random.seed}`)
      }
    })
  }

  it('gzip of several members', async () => {
    const seen = inflate('gzip')
    seen.inflater.push(Buffer.concat([zlib.gzipSync('one '), zlib.gzipSync('two')]))
    seen.inflater.end()
    assert.equal(await seen.result(), 'complete')
    assert.equal(Buffer.concat(seen.chunks).toString(), 'one two')
  })

  it('a body without a byte', async () => {
    for (const coding of [...SINGLE, 'gzip, br']) {
      const seen = inflate(coding)
      seen.inflater.push(Buffer.alloc(0))
      seen.inflater.end()
      assert.equal(await seen.result(), 'complete', coding)
    }
  })
})

describe('what the origin flushes comes out at once', () => {
  const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush } = zlib.constants
  const gzip = () => zlib.createGzip({ flush: Z_SYNC_FLUSH })
  const br = () => zlib.createBrotliCompress({ flush: BROTLI_OPERATION_FLUSH })
  const origins = {
    gzip: () => [gzip()],
    deflate: () => [zlib.createDeflate({ flush: Z_SYNC_FLUSH })],
    br: () => [br()],
    zstd: () => [zlib.createZstdCompress({ flush: ZSTD_e_flush })],
    'gzip, br': () => [gzip(), br()],
  }
  for (const [coding, encoders] of Object.entries(origins)) {
    it(coding, async () => {
      const steps = encoders()
      const [first, last] = [steps[0]!, steps.at(-1)!]
      if (last !== first) first.on('data', (chunk) => last.write(chunk))
      const seen = inflate(coding)
      last.on('data', (chunk: Buffer) => seen.inflater.push(chunk))
      let expected = ''
      for (let n = 0; n < 5; n++) {
        const event = `id: ${n}\ndata: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n`
        expected += event
        first.write(event)
        // The stream stays open, and nothing else is sent before this event was seen.
        await settles(() => Buffer.concat(seen.chunks).toString() === expected, { what: `event ${n}` })
      }
      assert.deepEqual(seen.results, [])
      seen.inflater.destroy()
      for (const step of steps) step.destroy()
    })
  }
})

describe('a bomb is not unpacked', () => {
  const zeros = Buffer.alloc(64 << 20)
  const bombs = SINGLE.map((coding): [string, Buffer] => [coding, compress[coding]!(zeros)])
  for (const [coding, bomb] of [...bombs, ['gzip,gzip', compress['gzip,gzip']!(zeros)] as const]) {
    it(coding, async () => {
      const seen = inflate(coding, { ratio: 10, bytes: MEGABYTE })
      seen.inflater.push(bomb)
      seen.inflater.end()
      assert.equal(await seen.result(), 'limit')
      assert.ok(Buffer.concat(seen.chunks).length <= Math.max(MEGABYTE, 10 * bomb.length))
    })
  }

  it('and neither is one within, though nothing of it would ever come out', async () => {
    // A gzip head with a file name that does not end: only the outer coding expands.
    const head = Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3])
    const seen = inflate('gzip, gzip', { ratio: 10, bytes: MEGABYTE })
    seen.inflater.push(zlib.gzipSync(Buffer.concat([head, Buffer.alloc(64 << 20, 'x')])))
    assert.equal(await seen.result(), 'limit')
  })

  it('but a body is read to the end that stays within either cap', async () => {
    const half = Buffer.alloc(MEGABYTE / 2)
    const noise = new Random(1).bytes(MEGABYTE / 4)
    for (const [body, options] of [
      [half, { ratio: 1, bytes: MEGABYTE / 2 }],
      [noise, { ratio: 2, bytes: 1 }],
    ] as const) {
      const seen = inflate('gzip', options)
      seen.inflater.push(zlib.gzipSync(body))
      seen.inflater.end()
      assert.equal(await seen.result(), 'complete')
      assert.equal(Buffer.concat(seen.chunks).length, body.length)
    }
  })

  it('zstd with a window of more than 8 MB is refused before it is allocated', async () => {
    const params = { [zlib.constants.ZSTD_c_windowLog]: 25 }
    const encoder = zlib.createZstdCompress({ params })
    const seen = inflate('zstd')
    encoder.on('data', (chunk: Buffer) => seen.inflater.push(chunk))
    encoder.end(Buffer.alloc(40 << 20))
    assert.equal(await seen.result(), 'corrupt')
    assert.deepEqual(seen.chunks, [])
    encoder.destroy()
  })
})

describe('falling behind', () => {
  const lengthOf = (chunks: readonly Buffer[]) => chunks.reduce((sum, { length }) => sum + length, 0)
  const noise = zlib.gzipSync(new Random(2).bytes(3 * MEGABYTE))

  it('by more than 1 MiB gives up at once', () => {
    const seen = inflate('gzip')
    let pushed = 0
    while (seen.results.length === 0 && pushed < noise.length) {
      seen.inflater.push(noise.subarray(pushed, pushed + 65_536))
      pushed += 65_536
    }
    assert.deepEqual(seen.results, ['limit'])
    assert.ok(pushed > MEGABYTE - 65_536 && pushed <= MEGABYTE + 65_536, `${pushed} bytes`)
    seen.inflater.push(noise)
    seen.inflater.end()
    assert.deepEqual(seen.results, ['limit'])
  })

  it('by very many small chunks too', () => {
    const seen = inflate('gzip')
    let pushed = 0
    while (seen.results.length === 0 && pushed < 100_000) seen.inflater.push(noise.subarray(pushed, ++pushed))
    assert.deepEqual(seen.results, ['limit'])
  })

  it('does not happen to whoever lets it catch up, nor to one large chunk', async () => {
    const paced = inflate('gzip')
    for (let at = 0; at < noise.length; at += 500_000) {
      const before = paced.chunks.length
      // The second one waits for the first each time: more than 1 MiB has waited in the end, but never at once.
      paced.inflater.push(noise.subarray(at, at + 100_000))
      paced.inflater.push(noise.subarray(at + 100_000, at + 500_000))
      await settles(() => lengthOf(paced.chunks.slice(before)) > Math.min(460_000, noise.length - at - 40_000))
    }
    const large = inflate('gzip')
    large.inflater.push(noise)
    for (const seen of [paced, large]) {
      seen.inflater.end()
      assert.equal(await seen.result(), 'complete')
      assert.equal(Buffer.concat(seen.chunks).length, 3 * MEGABYTE)
    }
  })
})

describe('what is not what it says', () => {
  for (const coding of [...SINGLE, 'gzip, br']) {
    it(`${coding}: garbage`, async () => {
      const seen = inflate(coding)
      seen.inflater.push(Buffer.from('{"jsonrpc":"2.0","id":1,"result":{}}'))
      seen.inflater.end()
      assert.equal(await seen.result(), 'corrupt')
    })

    it(`${coding}: cut off, after what could be read`, async () => {
      const text = plain(new Random(3))
      const bytes = compress[coding]!(text)
      const seen = inflate(coding)
      seen.inflater.push(bytes.subarray(0, -1))
      seen.inflater.end()
      assert.equal(await seen.result(), 'corrupt')
      const out = Buffer.concat(seen.chunks)
      assert.ok(out.equals(text.subarray(0, out.length)))
    })
  }

  it('is told once, whatever follows', async () => {
    const seen = inflate('gzip')
    for (let n = 0; n < 5; n++) seen.inflater.push(Buffer.from('not gzip at all'))
    assert.equal(await seen.result(), 'corrupt')
    seen.inflater.push(Buffer.from('more'))
    seen.inflater.end()
    await delay(20)
    assert.deepEqual(seen.results, ['corrupt'])
  })
})

describe('codings', () => {
  it('that nobody here can undo are told once there is something to undo', () => {
    for (const coding of ['compress', 'gzip, foo', 'gzip, br, zstd', 'gzip;q=1']) {
      const pushed = inflate(coding)
      assert.deepEqual(pushed.results, [])
      pushed.inflater.push(Buffer.from('x'))
      pushed.inflater.end()
      assert.deepEqual(pushed.results, ['unsupported'])
    }
  })

  it('that change nothing need no inflater', () => {
    for (const coding of ['', ' ', 'identity', 'Identity, identity']) {
      assert.equal(createInflater(coding, MANY, never, never), undefined)
    }
  })
})

describe('destroying', () => {
  it('ends both callbacks, with work under way', async () => {
    for (const coding of [...SINGLE, 'gzip,gzip', 'compress']) {
      const seen = inflate(coding)
      const bytes = (compress[coding] ?? zlib.gzipSync)(new Random(4).bytes(200_000))
      if (coding !== 'compress')
        for (let at = 0; at < bytes.length; at += 50_000) seen.inflater.push(bytes.subarray(at, at + 50_000))
      seen.inflater.destroy()
      seen.inflater.push(bytes)
      seen.inflater.end()
      await delay(20)
      assert.deepEqual([seen.results, seen.chunks], [[], []], coding)
    }
  })

  it('gives back the memory of decoders that were stopped midway', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const held = () => {
      collectGarbage()
      return process.memoryUsage().arrayBuffers
    }
    const bytes = zlib.gzipSync(new Random(5).bytes(100_000)).subarray(0, 60_000)
    const working = new Set<number>()
    // Earlier garbage is given back with a delay.
    let before = held()
    const steady = () => {
      const last = before
      before = held()
      return before === last
    }
    await settles(steady, { every: 50 })
    const open = Array.from({ length: 200 }, (_, n) => createInflater('gzip', MANY, () => working.add(n), never))
    for (const inflater of open) inflater?.push(bytes)
    await settles(() => working.size === open.length)
    const grown = held() - before
    assert.ok(grown > 2 * MEGABYTE, `open decoders hold memory that can be seen: ${grown}`)
    for (const inflater of open) inflater?.destroy()
    // They are still referred to: it is destroying that frees, not forgetting.
    await settles(() => held() - before < grown / 4 && open.length, { what: 'memory', every: 20 })
  })
})

it('zlib is loaded with the first inflater that decodes', async () => {
  const module = new URL('../../src/inspection/inflate.ts', import.meta.url).href
  const code = `
    const { createInflater } = await import(${JSON.stringify(module)})
    const loaded = () => process.moduleLoadList.includes('NativeModule zlib')
    const before = loaded()
    const inflater = createInflater('gzip', { ratio: 1, bytes: 1 }, () => {}, () => {})
    const created = loaded()
    inflater.push(Buffer.from([0x1f]))
    console.log(before, created, loaded())
    inflater.destroy()`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code])
  assert.equal(stdout.trim(), 'false false true')
})
