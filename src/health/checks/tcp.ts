/** Checks that a TCP connection can be made. */
import { connect } from 'node:net'
import type { CheckOutcome, Look } from './check.ts'

export function tcpLook({ host, port }: { readonly host: string; readonly port: number }): Look {
  return (signal) =>
    new Promise<CheckOutcome>((resolve, reject) => {
      const socket = connect({ host, port, signal })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.destroy()
        resolve({ healthy: true, message: 'connected' })
      })
    })
}
