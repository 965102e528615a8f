/** One GET to a running gateway, its answer read whole. Without fetch, whose loading takes longer than the request. */
import { get as getHttp } from '../node-http.ts'

export interface Answer {
  readonly status: number
  readonly text: string
}

/** More is no answer of a gateway. */
const ANSWER_BYTES = 32 * 1024 * 1024

/** Why there is no answer, or none of use. */
export class NoAnswerError extends Error {}

/** @param timeout milliseconds for the whole of it */
export async function ask(url: URL, timeout: number, accept = '*/*'): Promise<Answer> {
  const get = url.protocol === 'https:' ? (await import('node:https')).get : getHttp
  const signal = AbortSignal.timeout(timeout)
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) =>
      reject(new NoAnswerError(`${url.host} ${reason(error, signal, timeout)}`))
    const request = get(url, { agent: false, signal, headers: { accept } }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('error', fail).on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes > ANSWER_BYTES) request.destroy(new Error('answers without end'))
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
    request.on('error', fail)
  })
}

/** To be read after the address. */
function reason(error: NodeJS.ErrnoException, signal: AbortSignal, timeout: number): string {
  if (signal.aborted) return `does not answer within ${timeout / 1000} s`
  if (error.code === 'ECONNREFUSED') return 'is not there (connection refused)'
  return error.code === undefined ? error.message : `does not answer (${error.code})`
}
