/** Everything an SDK peer saw in one session, to be compared between the direct way and the way through the gateway. */
import assert from 'node:assert/strict'
import { McpError, type Progress } from '@modelcontextprotocol/sdk/types.js'
import { settles } from './measure.ts'
import { type SdkClient, sdkClient } from './sdk-client.ts'

/** Without what differs from one run to the next. */
export interface Transcript {
  readonly results: readonly unknown[]
  readonly notifications: readonly unknown[]
  readonly asked: readonly string[]
  readonly exchanges: readonly string[]
  readonly errors: readonly string[]
}

/** Opens a session, talks, and ends it. */
export async function transcript(
  url: string,
  talk: (peer: SdkClient) => Promise<readonly unknown[]>,
): Promise<Transcript> {
  const peer = await sdkClient(url)
  const results = await talk(peer)
  await peer.end()
  const { notifications, asked, exchanges, errors } = peer
  // What is concurrent comes in any order.
  return {
    results,
    notifications,
    asked: [...asked].sort(),
    exchanges: [...exchanges].sort(),
    errors: errors.map(String),
  }
}

/** The JSON-RPC error with which a call fails. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof McpError, String(error))
  return { code: error.code, message: error.message, data: error.data }
}

/** The result of a call with every progress notification before it. */
export async function withProgress(
  { client }: SdkClient,
  name: string,
  args: Record<string, unknown>,
): Promise<{ readonly result: unknown; readonly progress: readonly Progress[] }> {
  const progress: Progress[] = []
  const onprogress = (step: Progress) => progress.push(step)
  const result = await client.callTool({ name, arguments: args }, undefined, { onprogress })
  return { result, progress }
}

/** Cancels a call as soon as its response has begun. */
export async function cancel(peer: SdkClient, name: string, args: Record<string, unknown> = {}): Promise<void> {
  const abort = new AbortController()
  const posts = () => peer.exchanges.filter((line) => line.startsWith('POST')).length
  const before = posts()
  const call = peer.client.callTool({ name, arguments: args }, undefined, { signal: abort.signal })
  call.catch(() => {})
  await settles(() => posts() > before)
  abort.abort('enough')
  await assert.rejects(call)
}

/** Waits until the session's GET stream is open. */
export async function listens(peer: SdkClient): Promise<void> {
  await settles(() => peer.exchanges.some((line) => line.startsWith('GET 200')), { what: 'the GET stream' })
}
