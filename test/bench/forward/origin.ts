/** The bench's origin, a process of its own: prepared answers on raw sockets, so that it costs as little as can be. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { EVENT_GAP_MS, WORKLOADS, type Workload } from './workloads.ts'

type Answer = (socket: Socket, id: string) => void

const CRLF = '\r\n'

function head(status: string, ...lines: readonly string[]): string {
  return [`HTTP/1.1 ${status}`, 'date: Thu, 01 Jan 2026 00:00:00 GMT', ...lines, '', ''].join(CRLF)
}

function jsonHead(length: number): string {
  return head('200 OK', 'content-type: application/json', `content-length: ${length}`)
}

function jsonAnswer({ before, after }: Workload): Answer {
  const rest = Buffer.from(after)
  return (socket, id) => {
    socket.cork()
    socket.write(jsonHead(before.length + id.length + rest.length) + before + id, 'latin1')
    socket.write(rest)
    socket.uncork()
  }
}

/** Events leave some time apart: sent at once, a saturated proxy reads ten of them in two goes. */
function sseAnswer({ events, before, after }: Workload): Answer {
  const chunk = (body: string): string => Buffer.byteLength(body).toString(16) + CRLF + body + CRLF
  const start = head(
    '200 OK',
    'content-type: text/event-stream',
    'cache-control: no-cache',
    'transfer-encoding: chunked',
  )
  const chunks = events.map((event) => Buffer.from(chunk(event)))
  return (socket, id) => {
    let next = 0
    const step = (): void => {
      const event = chunks[next++]
      if (socket.destroyed) return
      if (event === undefined) {
        socket.write(`${chunk(before + id + after)}0${CRLF}${CRLF}`)
        return
      }
      socket.write(event)
      setTimeout(step, EVENT_GAP_MS)
    }
    socket.write(start, 'latin1')
    setTimeout(step, EVENT_GAP_MS)
  }
}

const answers = new Map(WORKLOADS.map((w) => [w.name, w.events.length > 0 ? sseAnswer(w) : jsonAnswer(w)]))

const INITIALIZED = JSON.stringify({
  protocolVersion: '2025-11-25',
  capabilities: { tools: {} },
  serverInfo: { name: 'bench-origin', version: '1' },
})

/** Whatever a gateway asks for itself, such as a readiness probe, gets a plain MCP answer. */
function answerOther(socket: Socket, method: string, body: string, id: string | undefined): void {
  if (method === 'GET') return void socket.write(head('405 Method Not Allowed', 'content-length: 0'))
  if (id === undefined) return void socket.write(head('202 Accepted', 'content-length: 0'))
  const rpc = /"method":\s*"([^"]*)"/.exec(body)?.[1]
  const verdict =
    rpc === 'initialize' ? `"result":${INITIALIZED}` : '"error":{"code":-32601,"message":"Method not found"}'
  const answer = `{"jsonrpc":"2.0","id":${id},${verdict}}`
  socket.write(jsonHead(answer.length) + answer)
}

function serve(socket: Socket): void {
  let pending = ''
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (data) => {
    pending += data.toString('latin1')
    const end = pending.indexOf('\r\n\r\n')
    if (end < 0) return
    const headText = pending.slice(0, end)
    const length = Number(/^content-length: *(\d+)$/im.exec(headText)?.[1] ?? 0)
    if (pending.length < end + 4 + length) return
    const body = pending.slice(end + 4, end + 4 + length)
    pending = pending.slice(end + 4 + length)
    const id = /"id":\s*("[^"]*"|\d+)/.exec(body)?.[1]
    const answer = answers.get(/"name":"([^"]*)"/.exec(body)?.[1] ?? '')
    if (answer !== undefined && id !== undefined) answer(socket, id)
    else answerOther(socket, headText.slice(0, headText.indexOf(' ')), body, id)
  })
}

const listener = createServer(serve)
listener.listen(0, '127.0.0.1', () => process.send?.({ port: (listener.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
