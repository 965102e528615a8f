/** Measures Sidelight's start: time from spawn to the first 200 of GET /health, and idle RSS a moment later. */
import { get } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Children } from './children.ts'
import { rssBytes } from './process-figures.ts'
import { pidOf, START_LIMIT_MS, startSidelight } from './variants.ts'

export interface StartSample {
  readonly readyMs: number
  readonly idleRss: number
}

const IDLE_AFTER_MS = 1000
const POLL_MS = 2

export async function measureStarts(count: number, children: Children, originPort: number): Promise<StartSample[]> {
  const samples: StartSample[] = []
  for (let i = 0; i < count; i++) {
    // The port is chosen here, because looking for it in the log would cost more than the answer takes.
    const port = await freePort()
    const started = performance.now()
    const { child, output, stop } = startSidelight(children, originPort, port)
    while (!(await isHealthy(port))) {
      const late = performance.now() - started > START_LIMIT_MS
      if (late || child.exitCode !== null) throw new Error(`sidelight did not become ready:\n${output()}`)
      await pause(POLL_MS)
    }
    const readyMs = performance.now() - started
    await pause(IDLE_AFTER_MS)
    samples.push({ readyMs, idleRss: rssBytes(pidOf(child)) })
    await stop()
  }
  return samples
}

function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', path: '/health', agent: false, timeout: 1000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy(new Error('no answer')))
    request.on('error', () => resolve(false))
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
