/** Episodes of one exchange that breaks: time-outs, resets and disconnects, before and after the response message. */
import type { Random } from '../support/random.ts'
import type { Episode } from './oracle-answers.ts'
import { event, PROGRESS, result, subject } from './oracle-subjects.ts'

const timeout: Episode = async ({ ask, ledger }, random) => {
  const about = subject(random)
  const verdict = 'timeout upstream_timeout'
  ledger.operation(about, verdict)
  const { headers } = about
  const asked = ask({
    what: 'timeout',
    verdict,
    path: '/hasty',
    headers,
    body: about.message(1),
    origin: ({ res }) => {
      if (random.chance(0.5)) return
      res.writeHead(200, { 'content-type': 'application/json' })
      res.write(result(1).slice(0, -1))
    },
  })
  await asked.over
  await asked.left
}

const unreachable: Episode = async ({ ask, ledger }, random) => {
  const about = { ...subject(random), upstream: 'gone' }
  const verdict = 'upstream_unreachable upstream_unreachable'
  // Its own names: none of them was ever answered.
  ledger.operation(about, verdict)
  const { headers, upstream } = about
  await ask({ what: 'unreachable', verdict, path: '/gone', upstream, headers, body: about.message(1) }).over
}

const RESET = 'upstream_reset upstream_reset'

const resetBeforeHead: Episode = async ({ ask, ledger }, random) => {
  const about = subject(random)
  ledger.operation(about, RESET)
  const { headers } = about
  await ask({ what: 'reset-head', verdict: RESET, headers, body: about.message(1), origin: ({ reset }) => reset() })
    .over
}

const resetMidBody: Episode = async ({ ask, ledger }, random) => {
  const about = subject(random)
  ledger.operation(about, RESET)
  const { headers } = about
  const flushed = Promise.withResolvers<void>()
  const chunked = random.chance(0.5)
  const asked = ask({
    what: 'reset-body',
    verdict: RESET,
    headers,
    body: about.message(1),
    origin: async ({ res, reset }) => {
      // In chunks the whole message may be there, and yet not the end of the body.
      const body = chunked ? result(1) : result(1).slice(0, 30)
      res.writeHead(200, { 'content-type': 'application/json', ...(chunked ? {} : { 'content-length': 4096 }) })
      res.write(body)
      await flushed.promise
      reset()
    },
  })
  await asked.seen('"jsonrpc"')
  flushed.resolve()
  await asked.over
}

/** A stream that breaks, from either side, before or after its response message. */
const brokenStream: Episode = async ({ ask, ledger }, random) => {
  const about = subject(random)
  const answered = random.chance(0.5)
  const byOrigin = random.chance(0.5)
  const verdict = byOrigin ? RESET : 'downstream_closed downstream_closed'
  ledger.operation(about, answered ? 'ok' : verdict)
  const { headers } = about
  const broken = Promise.withResolvers<void>()
  // Half of an event is no event.
  const said = answered ? event(result(1)) : event(PROGRESS) + random.pick(['', `data: ${result(1)}\n`])
  const asked = ask({
    what: `broken-stream-${byOrigin}-${answered}`,
    verdict,
    headers,
    body: about.message(1),
    origin: async ({ stream, res, reset }) => {
      stream()
      res.write(said)
      await broken.promise
      if (byOrigin) reset()
    },
  })
  await asked.seen(said)
  broken.resolve()
  if (!byOrigin) asked.leave()
  await asked.over
  await asked.left
}

const leftBeforeHead: Episode = async ({ ask, ledger }, random) => {
  const about = subject(random)
  const verdict = 'downstream_closed downstream_closed'
  ledger.operation(about, verdict)
  const { headers } = about
  const asked = ask({ what: 'left-before-head', verdict, headers, body: about.message(1), origin: () => {} })
  await asked.served
  asked.leave()
  await asked.left
}

/** Without event ids a stream that ends has said all that it will. */
const endedShort: Episode = async ({ ask, ledger }, random: Random) => {
  const about = subject(random)
  const verdict = 'upstream_reset no_response'
  ledger.operation(about, verdict)
  const { headers } = about
  const asked = ask({
    what: 'ended-short',
    verdict,
    headers,
    body: about.message(1),
    origin: ({ stream, res }) => {
      stream()
      res.end(event(PROGRESS))
    },
  })
  await asked.over
}

/** Each with its weight. */
export const FAULTS: readonly (readonly [number, Episode])[] = [
  [2, timeout],
  [2, unreachable],
  [3, resetBeforeHead],
  [3, resetMidBody],
  [6, brokenStream],
  [3, leftBeforeHead],
  [2, endedShort],
]
