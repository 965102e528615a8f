/** Answers a request of the admin listener that failed; a path's own `AdminFault` says how. */
import type { FastifyReply } from 'fastify'
import type { Logger } from 'pino'

/** What a path refuses, by its own words: they are shown. */
export class AdminFault extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  /**
   * @param code one word for programs
   * @param message a sentence for people
   */
  constructor(
    status: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** Fastify's own refusals, which say what is wrong with the body. */
const WORDS: Readonly<Record<string, readonly [error: string, message: string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'A body must be "content-type: application/json"'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['request_too_large', 'The body is too large'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['bad_request', 'The body is empty'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['bad_request', 'The body is no JSON'],
}

/** What stands in the body of such an answer. */
export type FaultBody = (status: number, message: string, error: string) => object

const plain: FaultBody = (_status, message, error) => ({ error, message })

export function answerFault(
  error: unknown,
  reply: FastifyReply,
  logger: Logger,
  body: FaultBody = plain,
): FastifyReply {
  if (error instanceof AdminFault) {
    if (error.cause !== undefined) logger.error({ err: error }, 'admin request failed')
    return reply
      .code(error.status)
      .headers(error.headers)
      .send(body(error.status, error.message, error.code))
  }
  const { statusCode = 500, code = '' } = error as { statusCode?: number; code?: string }
  if (statusCode < 500) {
    const [word, message] = WORDS[code] ?? ['bad_request', 'The request is malformed']
    return reply.code(statusCode).send(body(statusCode, message, word))
  }
  logger.error({ err: error }, 'admin request failed')
  return reply.code(500).send(body(500, 'The gateway failed; its log says why', 'internal'))
}
