/** Makes the picture of the README: `sidelight top` of a gateway that really carries these calls. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startDemoUpstream } from '../src/demo/upstream.ts'
import { everything } from '../test/support/everything.ts'
import { gatewayProcess } from '../test/support/gateway.ts'
import { type SdkClient, sdkClient } from '../test/support/sdk-client.ts'
import { terminalSvg } from './terminal-svg.ts'

const PICTURE = new URL('../docs/pictures/top.svg', import.meta.url)
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** How often a call is made, in milliseconds. */
const EVERYTHING = [
  [200, 'echo', { message: 'hello' }],
  [400, 'get-sum', { a: 1, b: 2 }],
  [900, 'get-tiny-image', {}],
  [2_500, 'trigger-long-running-operation', { duration: 2, steps: 2 }],
] as const
const DEMO = [
  [250, 'echo', { message: 'hello' }],
  [900, 'slow', { milliseconds: 350 }],
  [3_000, 'error_test', {}],
] as const

/** Calls on and on, whether or not the calls before have ended. */
function keepCalling({ call }: SdkClient, calls: typeof EVERYTHING | typeof DEMO): () => void {
  const timers = calls.map(([every, name, args]) => setInterval(() => void call(name, args).catch(() => {}), every))
  return () => timers.forEach(clearInterval)
}

const server = await everything('streamableHttp')
const demo = await startDemoUpstream()
const gateway = await gatewayProcess([], {
  settings: {
    admin: { port: 9090 },
    upstreams: {
      everything: { url: `${server.url}/mcp` },
      demo: { url: demo.url },
      // Nobody listens there.
      tickets: { url: 'http://127.0.0.1:9/mcp', required: false },
    },
    routes: ['everything', 'demo', 'tickets'].map((upstream) => ({ path: `/${upstream}`, upstream })),
  },
})
const clients: SdkClient[] = []
const stops: (() => void)[] = []
try {
  for (const [path, calls, count] of [
    ['everything', EVERYTHING, 4],
    ['demo', DEMO, 3],
  ] as const) {
    for (let made = 0; made < count; made++) {
      const client = await sdkClient(`${gateway.url}/${path}`)
      clients.push(client)
      await client.client.listTools()
      stops.push(keepCalling(client, calls))
    }
  }
  const lost = setInterval(() => void sdkClient(`${gateway.url}/tickets`).catch(() => {}), 900)
  stops.push(() => clearInterval(lost))
  await pause(8_000)
  const args = [MAIN, 'top', '--url', gateway.adminUrl, '--once', '--interval', '20s']
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, FORCE_COLOR: '1' } })
  mkdirSync(new URL('.', PICTURE), { recursive: true })
  writeFileSync(PICTURE, terminalSvg(stdout, 'sidelight top'))
} finally {
  for (const stop of stops) stop()
  await Promise.allSettled(clients.map((client) => client.end()))
  await gateway.close()
  await Promise.all([server.close(), demo.close()])
}
