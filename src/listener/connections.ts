/** Follows the downstream connections of a listener: how many, how long, and which fail before a request was read. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Where connections leave their figures; bound once at start. */
export interface ConnectionMeter {
  readonly total: { add(n: number): void }
  readonly active: { add(n: number): void }
  readonly duration: { record(seconds: number): void }
  /** `errorType` from the closed set of the instrument. */
  error(errorType: string): void
}

/** @param secure whether the server speaks TLS: its connections count once their handshake is done */
export function followConnections(server: Server, secure: boolean, meter: ConnectionMeter): void {
  server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
    const openedAt = performance.now()
    meter.total.add(1)
    meter.active.add(1)
    socket.once('close', () => {
      meter.active.add(-1)
      meter.duration.record((performance.now() - openedAt) / 1000)
    })
  })
  server.on('drop', () => meter.error('limit'))
  if (secure) server.on('tlsClientError', () => meter.error('tls'))
}
