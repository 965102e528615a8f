/** Episodes of whole sessions: responses on other streams, resumption, cancellation, requests of the server, and ends. */
import { randomUUID } from 'node:crypto'
import type { Random } from '../support/random.ts'
import type { Episode } from './oracle-answers.ts'
import type { Verdict } from './oracle-ledger.ts'
import type { Asked, Served, Stage } from './oracle-stage.ts'
import { event, failure, PROGRESS, result, type Subject, subject } from './oracle-subjects.ts'

const REVISION = '2025-11-25'

export interface Session {
  readonly id: string
  readonly headers: Readonly<Record<string, string>>
  /** A tool call in it, with id 1: every session's ids are its own. */
  call(about: Subject, what: string, verdict: Verdict, origin: (served: Served) => void | Promise<void>): Asked
  /** A GET stream, open when this resolves, and what writes to it. */
  listen(
    verdict?: Verdict,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly asked: Asked; readonly served: Served }>
  post(what: string, verdict: Verdict, body: string, origin?: (served: Served) => void): Asked
  end(): Promise<void>
}

export async function open({ ask, ledger }: Stage, random: Random): Promise<Session> {
  const id = randomUUID()
  const headers = { 'mcp-session-id': id }
  const about = { upstream: 'origin', method: 'initialize', revision: REVISION }
  ledger.operation(about, 'ok')
  const params = { protocolVersion: REVISION, clientInfo: { name: 'oracle', version: '1' } }
  await ask({
    what: 'initialize',
    verdict: 'ok',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
    origin: ({ json, stream, res }) => {
      const said = result(1, { protocolVersion: REVISION })
      if (random.chance(0.5)) return json(said, 200, headers)
      stream(headers)
      res.end(`id: p\nretry: 50\ndata:\n\n${event(said)}`)
    },
  }).over
  const post: Session['post'] = (what, verdict, body, origin = ({ res }) => void res.writeHead(202).end()) =>
    ask({ what, verdict, headers, body, origin })
  return {
    id,
    headers,
    post,
    call: (about, what, verdict, origin) =>
      ask({ what, verdict, headers: about.headers, body: about.message(1), origin }),
    async listen(verdict = 'ok', more = {}) {
      const opened = Promise.withResolvers<Served>()
      const origin = (served: Served) => {
        served.stream()
        served.res.write(': open\n\n')
        opened.resolve(served)
      }
      const asked = ask({ what: 'listen', verdict, method: 'GET', headers: { ...headers, ...more }, origin })
      const served = await opened.promise
      await asked.seen(': open')
      return { asked, served }
    },
    async end() {
      const origin = ({ res }: Served) => void res.writeHead(200).end()
      await ask({ what: 'delete', verdict: 'ok', method: 'DELETE', headers, origin }).over
    },
  }
}

const inSession = (random: Random, { id }: Session): Subject => ({
  ...subject(random, { isTool: true, session: id, revision: REVISION }),
})

/** The response comes on the GET stream; the call's own stream ends without it. */
const elsewhere: Episode = async (stage, random) => {
  const session = await open(stage, random)
  const { asked, served } = await session.listen()
  const about = inSession(random, session)
  const isError = random.chance(0.5)
  const verdict = isError ? 'tool_error tool_error' : 'ok'
  stage.ledger.operation(about, verdict)
  const answered = Promise.withResolvers<void>()
  const call = session.call(about, 'elsewhere', verdict, async ({ stream, res }) => {
    stream()
    await answered.promise
    res.end()
  })
  await call.served
  served.res.write(event(result(1, { isError })))
  await asked.seen('"result"')
  answered.resolve()
  await call.over
  served.res.end()
  await asked.over
  await session.end()
}

/** The call's stream ends or breaks after an event id; another one, resumed from there, brings the response. */
const resumed: Episode = async (stage, random) => {
  const session = await open(stage, random)
  const about = inSession(random, session)
  const how = random.pick(['closed', 'reset', 'left'] as const)
  const never = random.chance(0.2)
  const verdict = { closed: 'ok', reset: 'upstream_reset upstream_reset', left: 'downstream_closed downstream_closed' }[
    how
  ]
  stage.ledger.operation(about, never ? 'downstream_closed session_ended' : 'ok')
  const broken = Promise.withResolvers<void>()
  const call = session.call(about, `resumed-${how}`, verdict, async ({ stream, res, reset }) => {
    stream()
    res.write(`id: 1\nretry: 50\ndata:\n\n${event(PROGRESS, '2')}`)
    await broken.promise
    if (how === 'closed') res.end()
    else if (how === 'reset') reset()
  })
  await call.seen('notifications/progress')
  broken.resolve()
  if (how === 'left') call.leave()
  await Promise.all([call.over, call.left])
  if (!never) {
    const { asked, served } = await session.listen('ok', { 'last-event-id': '2' })
    served.res.end(event(result(1), '3'))
    await asked.over
  }
  await session.end()
}

/** A cancelled call is not answered; its stream ends. */
const cancelled: Episode = async (stage, random) => {
  const session = await open(stage, random)
  const about = inSession(random, session)
  const verdict = 'downstream_closed cancelled'
  stage.ledger.operation(about, verdict)
  const heard = Promise.withResolvers<void>()
  const call = session.call(about, 'cancelled', verdict, async ({ stream, res }) => {
    stream()
    res.write(event(PROGRESS, '1'))
    await heard.promise
    res.end()
  })
  await call.seen('notifications/progress')
  stage.ledger.operation({ upstream: 'origin', method: 'notifications/cancelled', revision: REVISION }, 'ok')
  const cancel = '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}'
  await session.post('cancel', 'ok', cancel).over
  heard.resolve()
  await call.over
  await session.end()
}

/** The server asks on the call's stream, and goes on when it was answered, if it is. */
const asks: Episode = async (stage, random) => {
  const session = await open(stage, random)
  const about = inSession(random, session)
  const method = random.pick(['sampling/createMessage', 'elicitation/create', 'roots/list', 'ping'])
  const [verdict, reply] = random.pick<readonly [Verdict, string | undefined]>([
    ['ok', '{"jsonrpc":"2.0","id":1,"result":{}}'],
    ['jsonrpc_error -32601', failure(1, -32601)],
    ['downstream_closed session_ended', undefined],
  ])
  stage.ledger.operation(about, 'ok')
  stage.ledger.asked({ upstream: 'origin', method, revision: REVISION }, verdict)
  const answered = Promise.withResolvers<void>()
  const call = session.call(about, 'asks', 'ok', async ({ stream, res }) => {
    stream()
    // With the same id as the call: ids are each side's own.
    res.write(event(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: {} })))
    await answered.promise
    res.end(event(result(1)))
  })
  await call.seen(method)
  if (reply !== undefined) await session.post('reply', 'ok', reply).over
  answered.resolve()
  await call.over
  await session.end()
}

/** The upstream has forgotten the session; what was adrift in it will not be answered. */
const forgotten: Episode = async (stage, random) => {
  const session = await open(stage, random)
  const adrift = inSession(random, session)
  stage.ledger.operation(adrift, 'upstream_reset session_ended')
  await session.call(adrift, 'adrift', 'ok', ({ stream, res }) => {
    stream()
    res.end(event(PROGRESS, '1'))
  }).over
  const about = inSession(random, session)
  const verdict = random.pick(['http_error 404', 'jsonrpc_error -32001'])
  stage.ledger.operation(about, verdict)
  await session.call(about, 'forgotten', verdict, ({ json, res }) => {
    if (verdict.startsWith('json')) json(failure(null, -32001), 404)
    else res.writeHead(404).end()
  }).over
}

/** Nobody ever comes back: to be begun early, for it takes `sessions.abandonAfter`. */
export const abandoned: Episode = async (stage, random) => {
  const session = await open(stage, random)
  const about = inSession(random, session)
  stage.ledger.operation(about, 'timeout abandoned')
  stage.ledger.asked({ upstream: 'origin', method: 'roots/list', revision: REVISION }, 'timeout abandoned')
  await session.call(about, 'abandoned', 'ok', ({ stream, res }) => {
    stream()
    res.end(event('{"jsonrpc":"2.0","id":1,"method":"roots/list"}', '1'))
  }).over
}

/** Many sessions at once, each with calls of the same id in flight: none is taken for another's. */
export const namesakes: Episode = async (stage, random) => {
  const sessions = await Promise.all(random.times(64, () => open(stage, random)))
  const all = Promise.withResolvers<void>()
  const calls = sessions.map((session) => {
    const about = inSession(random, session)
    const verdict = random.pick(['ok', 'tool_error tool_error', 'jsonrpc_error -32603'])
    stage.ledger.operation(about, verdict)
    return session.call(about, 'namesake', verdict, async ({ stream, res }) => {
      stream()
      await all.promise
      res.end(event(verdict.startsWith('json') ? failure(1, -32603) : result(1, { isError: verdict !== 'ok' })))
    })
  })
  await Promise.all(calls.map(({ served }) => served))
  all.resolve()
  await Promise.all(calls.map(({ over }) => over))
  await Promise.all(sessions.map((session) => session.end()))
}

/** Each with its weight. */
export const SESSIONS: readonly (readonly [number, Episode])[] = [
  [2, elsewhere],
  [4, resumed],
  [2, cancelled],
  [3, asks],
  [1, forgotten],
]
