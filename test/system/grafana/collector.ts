/** A collector that takes every second export and refuses the others. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Collector {
  readonly url: string
  close(): void
}

export async function moodyCollector(): Promise<Collector> {
  const seen = new Map<string, number>()
  const server = createServer((req, res) => {
    const path = req.url ?? ''
    const count = seen.get(path) ?? 0
    seen.set(path, count + 1)
    req.resume().once('end', () => {
      // 400 is not asked again.
      res.writeHead(count % 2 === 0 ? 200 : 400, { 'content-type': 'application/x-protobuf' }).end()
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
