/** Checks that a URL answers, with a status that is well. */
import { request as requestHttp } from '../../node-http.ts'
import type { CheckOutcome, Look } from './check.ts'
import { bearer } from './credentials.ts'

export interface HttpCheck {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly tokenFile?: string | undefined
  /** Empty: 200 to 399. */
  readonly status: readonly number[]
}

export function httpLook({ url, headers, tokenFile, status: wanted }: HttpCheck): Look {
  const isWell = (status: number) => (wanted.length === 0 ? status >= 200 && status < 400 : wanted.includes(status))
  return async (signal) => {
    const request = url.startsWith('https:') ? (await import('node:https')).request : requestHttp
    const credentials = await bearer(tokenFile)
    return new Promise<CheckOutcome>((resolve, reject) => {
      const sent = request(url, { agent: false, signal, headers: { ...credentials, ...headers } }, (response) => {
        const { statusCode = 0 } = response
        // What it says is not of interest.
        response.on('error', () => {}).destroy()
        resolve({ healthy: isWell(statusCode), message: `answered ${statusCode}` })
      })
      sent.on('error', reject).end()
    })
  }
}
