/** Holds the conversations of the suites' client scenarios, a few at a time, direct or through gateways. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
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

export async function desk(ways: readonly Way[]): Promise<Desk> {
  const free = [...ways]
  const waiting: Array<(way: Way) => void> = []
  const carried = new Map<string, number>()
  const server = createServer(async (req, res) => {
    const task = await taskIn(req)
    const way = free.pop() ?? (await new Promise<Way>((resolve) => waiting.push(resolve)))
    try {
      await hold(task, way)
      res.end()
    } catch (error) {
      res.writeHead(500).end(String(error))
    } finally {
      if (way.front !== undefined) {
        carried.set(task.scenario, way.front.relay.connections)
        await way.front.relay.rest()
      }
      const next = waiting.shift()
      if (next === undefined) free.push(way)
      else next(way)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const program = fileURLToPath(new URL('client-command.ts', import.meta.url))
  return {
    command: `${process.execPath} ${program} http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    carried,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

async function taskIn(req: IncomingMessage): Promise<Task> {
  let body = ''
  for await (const text of req.setEncoding('utf8')) body += text
  return JSON.parse(body) as Task
}

async function hold({ url, scenario, revision = '2025-11-25', given }: Task, { front }: Way): Promise<void> {
  const port = Number(new URL(url).port)
  front?.relay.aim(port)
  const { fetch, close } = redirect(port, front?.port)
  try {
    await converse({ url, revision, given: { name: scenario, ...given }, fetch })
  } finally {
    await close()
  }
}
