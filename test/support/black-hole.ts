/** An address on loopback where a connect neither succeeds nor fails: what a connect deadline has to end. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

// A child, because a process that blocks its own event loop could not run the test.
const LISTENER = `
const server = require('node:net').createServer()
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  require('node:fs').writeSync(1, server.address().port + '\\n')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})`

export interface BlackHole {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** Starts a listener that never accepts and fills its queue, so that further SYNs stay unanswered (Linux). */
export async function blackHole(): Promise<BlackHole> {
  const child = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  const [line]: unknown[] = await once(child.stdout, 'data')
  const port = Number(String(line))
  const fillers: Socket[] = []
  // The queue is full when a connect stays open-ended: on loopback a SYN is answered at once otherwise.
  for (let full = false; !full && fillers.length < 16; ) {
    const filler = connect(port, '127.0.0.1').on('error', () => {})
    fillers.push(filler)
    await Promise.race([once(filler, 'connect'), delay(150)])
    // A timer can be late together with the connect that it waits for: let the sockets speak first.
    await delay(5)
    full = filler.connecting
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    close: async () => {
      for (const filler of fillers) filler.destroy()
      child.kill('SIGKILL')
      await gone
    },
  }
}
