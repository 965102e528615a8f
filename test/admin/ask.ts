/** Asks the admin listener, with a token and from an address of this machine. */
import { type IncomingHttpHeaders, request } from 'node:http'

export interface Question {
  readonly method?: string
  readonly token?: string
  /** 127.0.0.1 unless told; all of 127.0.0.0/8 is this machine, on Linux. */
  readonly from?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  readonly signal?: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
  /** What JSON the body is. */
  json(): Record<string, unknown>
}

export function ask(base: string, path: string, question: Question = {}): Promise<Answer> {
  const { method = 'GET', token, from, headers, body, signal } = question
  const sent = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, base), {
      method,
      agent: false,
      ...(from !== undefined && { localAddress: from }),
      ...(signal && { signal }),
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(sent !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
        ...headers,
      },
    })
    asked.on('error', reject)
    asked.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const whole = Buffer.concat(chunks)
        const text = whole.toString()
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: whole,
          text,
          json: () => JSON.parse(text) as Record<string, unknown>,
        })
      })
    })
    asked.end(sent)
  })
}
