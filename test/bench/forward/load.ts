/** The bench's load, a process of its own: keep-alive connections that each send the next call after an answer. */
import { randomUUID } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { ResponseReader } from './response-reader.ts'
import { answerBytes, callBody, FIRST_ID, ID_DIGITS, type Workload, workloadNamed } from './workloads.ts'

export type LoadOrder =
  | { readonly do: 'open'; readonly port: number; readonly workload: string; readonly connections: number }
  | { readonly do: 'run'; readonly milliseconds: number }
  | { readonly do: 'close' }

export interface LoadFigures {
  readonly requests: number
  readonly milliseconds: number
  readonly p50: number
  readonly p99: number
  /** Chunks read from the sockets, all answers together. */
  readonly reads: number
}

const MAX_SAMPLES = 2 ** 21
const latencies = new Float64Array(MAX_SAMPLES)
let requests = 0
let reads = 0
let until = 0
let nextId = FIRST_ID

class Caller {
  readonly #socket: Socket
  readonly #request: Buffer
  readonly #idAt: number
  readonly #reader: ResponseReader
  #sentAt = 0
  #resolve: () => void = () => {}
  #reject: (reason: Error) => void = () => {}

  constructor(port: number, workload: Workload) {
    const text = requestText(port, workload)
    this.#request = Buffer.from(text, 'latin1')
    this.#idAt = text.indexOf(String(FIRST_ID), text.indexOf('\r\n\r\n'))
    const expected = answerBytes(workload)
    this.#reader = new ResponseReader((status, bodyBytes) => {
      if (status !== 200 || bodyBytes !== expected) throw new Error(`answer ${status} with ${bodyBytes} bytes`)
      this.#answered()
    })
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true)
    this.#socket.on('data', (data) => {
      reads++
      try {
        this.#reader.push(data)
      } catch (error) {
        this.#reject(error as Error)
      }
    })
    this.#socket.on('error', (error) => this.#reject(error))
    this.#socket.on('close', () => this.#reject(new Error('connection closed')))
  }

  /** Calls until the common deadline; settles after the last answer. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#send()
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #send(): void {
    this.#request.write(String(nextId++), this.#idAt, ID_DIGITS, 'latin1')
    this.#sentAt = performance.now()
    this.#socket.write(this.#request)
  }

  #answered(): void {
    const now = performance.now()
    latencies[requests++ % MAX_SAMPLES] = now - this.#sentAt
    if (now < until) this.#send()
    else this.#resolve()
  }
}

/** What an SDK client of revision 2025-11-25 sends; the session differs by connection. */
function requestText(port: number, workload: Workload): string {
  const body = callBody(workload, FIRST_ID)
  const lines = [
    'POST /mcp HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    'accept: application/json, text/event-stream',
    'user-agent: sidelight-bench',
    `mcp-session-id: ${randomUUID()}`,
    'mcp-protocol-version: 2025-11-25',
    `content-length: ${body.length}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

async function run(callers: readonly Caller[], milliseconds: number): Promise<LoadFigures> {
  const start = performance.now()
  requests = 0
  reads = 0
  until = start + milliseconds
  await Promise.all(callers.map((caller) => caller.run()))
  const elapsed = performance.now() - start
  const sorted = latencies.subarray(0, Math.min(requests, MAX_SAMPLES)).toSorted()
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { requests, milliseconds: elapsed, p50: at(0.5), p99: at(0.99), reads }
}

let callers: Caller[] = []

async function obey(order: LoadOrder): Promise<LoadFigures | Record<string, never>> {
  if (order.do === 'run') return run(callers, order.milliseconds)
  for (const caller of callers) caller.close()
  callers = []
  if (order.do === 'close') return {}
  const workload = workloadNamed(order.workload)
  if (workload === undefined) throw new Error(`no workload ${order.workload}`)
  callers = Array.from({ length: order.connections }, () => new Caller(order.port, workload))
  return {}
}

process.on('message', (order: LoadOrder) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: Error) => process.send?.({ error: error.message }),
  )
})
process.on('disconnect', () => process.exit())
