/** Puts a reference server on a loopback port: inside a test, or as a program that prints its URL as one line of JSON. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'

export interface Reference {
  /** With the path of its MCP endpoint. */
  readonly url: string
  readonly port: number
  /** Ends every session and connection. */
  close(): Promise<void>
}

export interface Served {
  readonly listener: RequestListener
  readonly path: string
  /** Ends what listens to no socket: sessions, subscriptions. */
  end(): Promise<void>
}

export async function listen({ listener, path, end }: Served, port = 0): Promise<Reference> {
  const server = createServer(listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${bound}${path}`,
    port: bound,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await end()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Runs it if the file that calls is the program: `node legacy.ts --port 0`. */
export async function runIfProgram(isMain: boolean, build: (port: number) => Promise<Reference>): Promise<void> {
  if (!isMain) return
  const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } })
  const { url } = await build(Number(values.port))
  process.stdout.write(`${JSON.stringify({ url })}\n`)
}
