/** Episodes of one exchange that comes to its end: every answer a server may give, and every way to refuse one. */
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { Random } from '../support/random.ts'
import type { Verdict } from './oracle-ledger.ts'
import type { Served, Stage } from './oracle-stage.ts'
import { event, failure, PROGRESS, result, type Subject, subject } from './oracle-subjects.ts'

/** Does one or more exchanges to their end, and enters in the ledger what happened. */
export type Episode = (stage: Stage, random: Random) => Promise<void>

/** One request, and one origin that does this with it. */
async function once(
  { ask, ledger }: Stage,
  about: Subject,
  what: string,
  verdict: Verdict,
  origin: (served: Served, id: number) => void,
  more: { readonly exchange?: Verdict; readonly status?: number } = {},
): Promise<void> {
  const id = 1 + (ledger.exchanges.size % 7)
  ledger.operation(about, verdict)
  const { headers } = about
  const asked = ask({
    what,
    headers,
    body: about.message(id),
    verdict: more.exchange ?? verdict,
    origin: (served) => origin(served, id),
  })
  await asked.over
}

const CODES = [
  [-32602, '-32602'],
  [-32601, '-32601'],
  [-32002, '-32002'],
  [-32603, '-32603'],
  [418, '_other'],
] as const

const encoders = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync }

const okJson: Episode = (stage, random) =>
  once(stage, subject(random), 'ok-json', 'ok', ({ json }, id) => json(result(id)))

const okStream: Episode = (stage, random) =>
  once(stage, subject(random), 'ok-stream', 'ok', ({ stream, res }, id) => {
    stream()
    for (let i = random.integer(0, 3); i > 0; i--) res.write(event(PROGRESS))
    const last = event(result(id))
    const cut = random.integer(1, last.length - 1)
    res.write(last.slice(0, cut))
    setImmediate(() => res.end(last.slice(cut)))
  })

const toolError: Episode = (stage, random) =>
  once(stage, subject(random, { isTool: true }), 'tool-error', 'tool_error tool_error', ({ json, stream, res }, id) => {
    if (random.chance(0.5)) return json(result(id, { isError: true }))
    stream()
    res.end(event(result(id, { isError: true })))
  })

const rpcError: Episode = (stage, random) => {
  const [code, label] = random.pick(CODES)
  const anonymous = random.chance(0.3)
  const status = random.pick([200, 400, 403, 500])
  return once(stage, subject(random), 'rpc-error', `jsonrpc_error ${label}`, ({ json }, id) =>
    json(failure(anonymous ? null : id, code), status),
  )
}

const httpError: Episode = (stage, random) => {
  const status = random.pick([301, 401, 404, 429, 500, 503])
  return once(stage, subject(random), 'http-error', `http_error ${status}`, ({ res, json }) => {
    if (random.chance(0.5)) json('{"error":"not JSON-RPC"}', status)
    else res.writeHead(status, { 'content-type': 'text/html' }).end('<p>no</p>')
  })
}

const inputRequired: Episode = (stage, random) =>
  once(
    stage,
    { ...subject(random, { isTool: true, revision: '2026-07-28' }), resultType: 'input_required' },
    'input-required',
    'ok',
    ({ json }, id) => json(result(id, { resultType: 'input_required' })),
  )

const discover: Episode = (stage, random) => {
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' }
  const about = { upstream: 'origin', method: 'server/discover', revision: '2026-07-28', resultType: 'fallback_probe' }
  const message = (id: number | string) => JSON.stringify({ jsonrpc: '2.0', id, method: 'server/discover' })
  return once(stage, { ...about, headers, message }, 'discover', 'ok', ({ json }) =>
    random.chance(0.5) ? json(failure(null, -32000), 400) : json('{"error":"no version"}', 400),
  )
}

const notification: Episode = async ({ ask, ledger }, random) => {
  const about = { upstream: 'origin', method: 'notifications/initialized', revision: '2025-03-26' }
  const [verdict, answer] = random.pick<readonly [Verdict, (served: Served) => void]>([
    ['ok', ({ res }) => res.writeHead(202).end()],
    ['ok', ({ res }) => res.writeHead(202, { 'content-type': 'text/plain' }).end('Accepted')],
    ['http_error 400', ({ res }) => res.writeHead(400).end()],
    ['jsonrpc_error -32600', ({ json }) => json(failure(null, -32600), 400)],
  ])
  ledger.operation(about, verdict)
  const body = '{"jsonrpc":"2.0","method":"notifications/initialized"}'
  await ask({ what: 'notification', verdict, body, origin: answer }).over
}

const batch: Episode = async ({ ask, ledger }, random) => {
  const revision = '2025-03-26'
  const parts = random.times(random.integer(2, 5), (id) => {
    const about = subject(random, { isTool: true, revision })
    const verdict = random.pick(['ok', 'tool_error tool_error', 'jsonrpc_error -32602'])
    ledger.operation(about, verdict)
    const answer =
      verdict === 'ok' ? result(id) : verdict.startsWith('tool') ? result(id, { isError: true }) : failure(id, -32602)
    return { request: about.message(id), verdict, answer }
  })
  const verdict = parts.find((part) => part.verdict !== 'ok')?.verdict ?? 'ok'
  const answers = random.shuffle(parts.map(({ answer }) => answer))
  await ask({
    what: 'batch',
    verdict,
    headers: { 'mcp-protocol-version': revision },
    body: `[${parts.map(({ request }) => request).join(',')}]`,
    origin: ({ json, stream, res }) => {
      if (random.chance(0.5)) return json(`[${answers.join(',')}]`)
      stream()
      res.end(answers.map((answer) => event(answer)).join(''))
    },
  }).over
}

const compressed: Episode = (stage, random) => {
  const coding = random.pick(['gzip', 'br', 'zstd'] as const)
  const isError = random.chance(0.5)
  const about = subject(random, { isTool: true })
  return once(
    stage,
    about,
    `compressed-${coding}`,
    isError ? 'tool_error tool_error' : 'ok',
    ({ json, stream, res }, id) => {
      const said = result(id, { isError })
      if (random.chance(0.5)) return json(encoders[coding](said), 200, { 'content-encoding': coding })
      stream({ 'content-encoding': coding })
      res.end(encoders[coding](event(PROGRESS) + event(said)))
    },
  )
}

const uninspectable: Episode = (stage, random) => {
  const [verdict, answer] = random.pick<readonly [Verdict, (served: Served, id: number) => void]>([
    ['unknown unsupported', ({ json }, id) => json(result(id), 200, { 'content-encoding': 'aes128gcm' })],
    ['unknown corrupt', ({ json }) => json('not gzip at all', 200, { 'content-encoding': 'gzip' })],
    ['unknown invalid_json', ({ json }, id) => json(`${result(id)},`)],
    ['unknown invalid_json', ({ json }, id) => json(result(id).slice(0, -9))],
    ['unknown content_type', ({ res }) => res.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello</p>')],
    ['unknown no_response', ({ json }, id) => json(result(id + 1))],
  ])
  return once(stage, subject(random), 'uninspectable', verdict, answer)
}

const refused: Episode = async ({ ask, ledger }, random) => {
  const about = subject(random, { isTool: true, revision: '2026-07-28' })
  const body = about.message(1)
  const { headers } = about
  const operation = (verdict: Verdict) => {
    ledger.operation(about, verdict)
    return verdict
  }
  const cases = [
    () => ({ verdict: 'refused origin_forbidden', headers: { ...headers, origin: 'https://evil.example' }, body }),
    () => ({ verdict: 'refused parse_error', headers, body: body.slice(1) }),
    () => ({ verdict: operation('refused duplicate_key'), headers, body: body.replace('"id":1', '"id":1,"id":1') }),
    () => ({ verdict: operation('refused header_mismatch'), headers: { ...headers, 'mcp-name': 'other' }, body }),
    () => ({ verdict: operation('refused header_mismatch'), headers: { ...headers, 'mcp-method': 'ping' }, body }),
  ]
  await ask({ what: 'refused', ...random.pick(cases)() }).over
}

/** Each with its weight. */
export const ANSWERS: readonly (readonly [number, Episode])[] = [
  [20, okJson],
  [14, okStream],
  [6, toolError],
  [8, rpcError],
  [5, httpError],
  [3, inputRequired],
  [2, discover],
  [4, notification],
  [4, batch],
  [5, compressed],
  [5, uninspectable],
  [5, refused],
]
