/** Checks verdicts: an interceptor of the configuration is JavaScript, held to no type. */

import { FAILURES } from '../errors.ts'
import { validateHeaderName, validateHeaderValue } from '../node-http.ts'
import type { Answer, Verdict } from './interceptor.ts'

/** Throws a `TypeError` that says what is wrong with what an interceptor returned. */
export function checkVerdict(given: unknown): asserts given is Verdict {
  const { action } = (given ?? {}) as { action?: unknown }
  if (action === 'answer') checkAnswer(given as Record<keyof Answer, unknown>)
  else if (action === 'refuse') checkRefusal(given as Record<string, unknown>)
  else throw new TypeError('a verdict is { action: "answer", … } or { action: "refuse", … }, or nothing at all')
}

function checkAnswer({ status, headers, body }: Record<keyof Answer, unknown>): void {
  if (!isStatus(status, 200)) throw new TypeError('an answer needs a status from 200 to 599')
  if (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array))
    throw new TypeError('the body of an answer is a string or bytes')
  for (const [name, value] of Object.entries(headers ?? {})) {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    if (/^(content-length|transfer-encoding|connection)$/i.test(name))
      throw new TypeError(`the header ${name} of an answer is the gateway's own`)
  }
}

function checkRefusal({ status, code, message }: Record<string, unknown>): void {
  if (code !== undefined && !Object.hasOwn(FAILURES, String(code)))
    throw new TypeError(`a refusal has no code ${String(code)}`)
  if (message !== undefined && typeof message !== 'string') throw new TypeError('the message of a refusal is a string')
  // With a session id a 404 means "session gone", and nothing else.
  if (status !== undefined && (!isStatus(status, 400) || status === 404))
    throw new TypeError('the status of a refusal is from 400 to 599, and not 404')
}

const isStatus = (status: unknown, least: number): boolean =>
  Number.isInteger(status) && (status as number) >= least && (status as number) <= 599
