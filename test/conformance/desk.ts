/** Holds the conversations of the suites' client scenarios, a few at a time, direct or through gateways. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { converse } from '../support/reference/client.ts'
import { redirect } from './redirect.ts'
import type { Relay } from './relay.ts'

/** A way to a scenario's server: nothing between, or a gateway in front of a relay. */
export interface Way {
  readonly front?: { readonly port: number; readonly relay: Relay }
}

export interface Desk {
  /** For the suite's `--command`. */
  readonly command: string
  /** Connections that each scenario's server got from the gateway, the last time. */
  readonly carried: Map<string, number>
  close(): Promise<void>
}

interface Task {
  readonly url: string
  readonly scenario: string
  /** Unset by release 0.1, which knows no later one. */
  readonly revision?: string
  readonly given: Record<string, unknown>
}

/**
 * What the suite starts as the client: hands the scenario over, waits, and ends as the conversation did. Started hundreds
 * of times, so it is JavaScript and loads nothing: stripping types and node:http would cost three times as much.
 */
const PROGRAM = `import { connect } from 'node:net'
const [port, url] = process.argv.slice(2)
const { MCP_CONFORMANCE_SCENARIO: scenario, MCP_CONFORMANCE_PROTOCOL_VERSION: revision } = process.env
const given = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}')
const socket = connect(Number(port), '127.0.0.1', () => {
  socket.end(JSON.stringify({ url, scenario, revision, given }))
})
socket.setEncoding('utf8').on('data', (error) => {
  process.exitCode = 1
  process.stderr.write(error)
})
`

export async function desk(ways: readonly Way[]): Promise<Desk> {
  const free = [...ways]
  const waiting: Array<(way: Way) => void> = []
  const carried = new Map<string, number>()

  async function serve(socket: Socket): Promise<void> {
    const task = JSON.parse(await text(socket)) as Task
    const way = free.pop() ?? (await new Promise<Way>((resolve) => waiting.push(resolve)))
    const error = await hold(task, way).catch(String)
    if (way.front !== undefined) {
      carried.set(task.scenario, way.front.relay.connections)
      await way.front.relay.rest()
    }
    if (error !== undefined) socket.write(error)
    socket.end()
    const next = waiting.shift()
    if (next === undefined) free.push(way)
    else next(way)
  }

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // The suite may end its client before that has said or heard all.
    serve(socket.on('error', () => {})).catch(() => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = await mkdtemp(join(tmpdir(), 'sidelight-desk-'))
  const program = join(folder, 'client.mjs')
  await writeFile(program, PROGRAM)
  return {
    command: `${process.execPath} ${program} ${(server.address() as AddressInfo).port}`,
    carried,
    async close() {
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true })
    },
  }
}

async function hold({ url, scenario, revision = '2025-11-25', given }: Task, { front }: Way): Promise<undefined> {
  const port = Number(new URL(url).port)
  front?.relay.aim(port)
  const { fetch, close } = redirect(port, front?.port)
  try {
    await converse({ url, revision, given: { name: scenario, ...given }, fetch })
  } finally {
    await close()
  }
}
