/** An upstream as a program that a test kills and starts again: calls, streams of calls, endless streams. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { onFixedPort } from './fixed-port.ts'

/** What the program tells its parent: where it listens, then the number of every call that it got. */
export type News = { readonly port: number } | { readonly got: number }

export const EVENTS_OF_A_CALL = 3
const STEP = 10

const event = (message: object) => `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`

function tell(news: News): void {
  process.send?.(news)
}

async function stream(res: ServerResponse, events: number, end: string): Promise<void> {
  res.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  for (let i = 1; i < events && !res.closed; i++) {
    await pause(STEP)
    if (res.writableEnded) return
    res.write(event({ method: 'notifications/progress', params: { progress: i } }))
  }
  res.end(end)
}

async function serve(res: ServerResponse, body: string): Promise<void> {
  if (body === '') return stream(res, Number.POSITIVE_INFINITY, '')
  const { id, method, params } = JSON.parse(body) as { id: number; method: string; params?: { name: string } }
  // In two halves, so that it can die between them.
  const [head, tail] = [`{"jsonrpc":"2.0","id":${JSON.stringify(id)},`, `"result":{"own":${JSON.stringify(id)}}}`]
  if (method !== 'tools/call') return void res.writeHead(200, { 'content-type': 'application/json' }).end(head + tail)
  tell({ got: id })
  await pause(STEP)
  if (params?.name === 'stream') return stream(res, EVENTS_OF_A_CALL, `data: ${head}${tail}\n\n`)
  res.writeHead(200, { 'content-type': 'application/json' }).write(head)
  await pause(STEP)
  res.end(tail)
}

async function listen(port: number): Promise<void> {
  const endless = new Set<ServerResponse>()
  const server = createServer(async (req, res) => {
    if (req.method === 'GET') endless.add(res.once('close', () => endless.delete(res)))
    await serve(res, await text(req))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  process.once('SIGTERM', () => {
    // As a server that stops well: no new connections, calls get their answers, and streams end.
    server.close(() => process.exit())
    for (const res of endless) res.end()
    setTimeout(() => server.closeAllConnections(), 10 * STEP)
  })
  process.once('disconnect', () => process.exit())
  tell({ port: (server.address() as AddressInfo).port })
}

if (import.meta.main) {
  const again = process.argv[2]
  if (again === undefined) await onFixedPort(listen)
  else await listen(Number(again))
}
