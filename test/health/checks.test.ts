/** Checks of one's own: what is well, what is not, and that nothing is left of what took too long. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { after, before, describe, it, type TestContext } from 'node:test'
import { Check, type CheckOutcome, type Look } from '../../src/health/checks/check.ts'
import { commandLook } from '../../src/health/checks/command.ts'
import { httpLook } from '../../src/health/checks/http.ts'
import { mcpLook } from '../../src/health/checks/mcp.ts'
import { tcpLook } from '../../src/health/checks/tcp.ts'
import { settles } from '../support/measure.ts'
import { sdkServer } from '../support/sdk-server.ts'

const WITHIN = { within: 20_000 }
const signal = () => AbortSignal.timeout(20_000)
const node = (script: string, ...more: readonly string[]) => commandLook([process.execPath, '-e', script, ...more])

describe('a check by HTTP', () => {
  let server: Server
  let url: string
  const authorizations: (string | undefined)[] = []
  before(async () => {
    server = createServer((req, res) => {
      authorizations.push(req.headers.authorization)
      res.writeHead(Number(req.url?.slice(1)), { location: '/500' }).end('text that nobody reads'.repeat(10_000))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const look = (path: string, status: readonly number[] = []) =>
    httpLook({ url: `${url}${path}`, headers: { authorization: 'Bearer x' }, status })(signal())

  it('is well from 200 to 399, or as it is told, and follows nowhere', async () => {
    assert.deepEqual(await look('/204'), { healthy: true, message: 'answered 204' })
    assert.deepEqual(await look('/302'), { healthy: true, message: 'answered 302' })
    assert.deepEqual(await look('/500'), { healthy: false, message: 'answered 500' })
    assert.equal((await look('/204', [401])).healthy, false)
    assert.equal((await look('/401', [401])).healthy, true)
    assert.ok(authorizations.every((value) => value === 'Bearer x'))
  })
})

describe('a check by TCP', () => {
  it('is well when somebody listens', async (t) => {
    const server = createTcpServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    assert.deepEqual(await tcpLook({ host: '127.0.0.1', port })(signal()), { healthy: true, message: 'connected' })
    await assert.rejects(tcpLook({ host: '127.0.0.1', port: 9 })(signal()), { code: 'ECONNREFUSED' })
  })
})

describe('a check by MCP', () => {
  it('is well when an MCP server answers, and leaves no session behind', async (t) => {
    const server = await sdkServer()
    t.after(() => server.close())
    const look = mcpLook({ url: server.url, headers: {}, timeout: 10_000, version: '1' })
    assert.deepEqual(await look(signal()), { healthy: true, message: 'answered initialize' })
    await settles(() => server.sessions.size === 0)
  })
})

describe('a check by a command', () => {
  it('is well when it ends with 0; its output is for the log, and only its end', async () => {
    assert.deepEqual(await node('console.log("all well")')(signal()), {
      healthy: true,
      message: 'ended with 0',
      detail: undefined,
    })
    const { detail = '', ...outcome } = await node(
      'console.log("x".repeat(1e6)); console.error("disk full, password=hunter22222"); process.exitCode = 3',
    )(signal())
    assert.deepEqual(outcome, { healthy: false, message: 'ended with 3' })
    assert.ok(detail.length <= 4_100, String(detail.length))
    assert.match(detail, /x\s+disk full/)
    assert.doesNotMatch(detail, /hunter22222/)
  })

  it('passes arguments as they are, to no shell', async () => {
    const hostile = '$(touch /tmp/x); echo `id` && exit 1'
    const script = `process.exit(process.argv[1] === ${JSON.stringify(hostile)} ? 0 : 1)`
    assert.equal((await node(script, hostile)(signal())).healthy, true)
  })

  it('tells of a program that is not there', async () => {
    await assert.rejects(commandLook(['/nowhere/check'])(signal()), { code: 'ENOENT' })
  })

  it('does not give it the variables of the gateway', async (t) => {
    process.env.SIDELIGHT_ADMIN_TOKEN = 'canary'
    t.after(() => delete process.env.SIDELIGHT_ADMIN_TOKEN)
    const script = 'process.exit(process.env.SIDELIGHT_ADMIN_TOKEN === undefined && process.env.PATH ? 0 : 1)'
    assert.equal((await node(script)(signal())).healthy, true)
  })

  it('is killed with all that it started when it takes too long', async (t) => {
    const outcomes = await outcomesOf(t, node(GRANDCHILD), { timeout: 1_500 })
    await settles(() => outcomes.length > 0, WITHIN)
    assert.deepEqual(outcomes[0], { healthy: false, message: 'took longer than 1.5 s' })
    await settles(() => !isAlive(GROUP_MARK), { ...WITHIN, what: 'the end of what the command started' })
  })
})

/** A name that only what this test starts has. */
const GROUP_MARK = `sidelight-grandchild-${process.pid}`
const GRANDCHILD = `
  require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '${GROUP_MARK}'], { stdio: 'inherit' })
  setInterval(() => {}, 1000)
`

describe('a check', () => {
  it('is degraded while it fails, unhealthy when it has failed too often, and healthy again at once', async (t) => {
    const answers = [true, false, false, false, true]
    const states: string[] = []
    const failures: string[] = []
    const check = new Check({
      ...{ name: 'x', required: true, interval: 5, timeout: 1_000, failureThreshold: 3 },
      look: async () => {
        states.push(check.report().status)
        const healthy = answers.shift() ?? true
        return { healthy, message: healthy ? 'well' : 'ill' }
      },
      onFailure: ({ message }) => failures.push(message),
    })
    t.after(() => check.stop())
    assert.deepEqual([check.name, check.report().message], ['check:x', 'not checked yet'])
    check.start()
    await settles(() => states.length >= 6)
    assert.deepEqual(states.slice(0, 6), ['unhealthy', 'healthy', 'degraded', 'degraded', 'unhealthy', 'healthy'])
    assert.deepEqual(failures, ['ill'], 'the log hears of it once')
  })

  it('tells why it failed by code, without an address', async (t) => {
    const outcomes = await outcomesOf(t, tcpLook({ host: '127.0.0.1', port: 9 }))
    await settles(() => outcomes.length > 0)
    assert.equal(outcomes[0]?.message, 'failed: ECONNREFUSED')
  })
})

async function outcomesOf(
  t: TestContext,
  look: Look,
  more: { timeout?: number } = {},
): Promise<readonly CheckOutcome[]> {
  const outcomes: CheckOutcome[] = []
  const onFailure = (outcome: CheckOutcome) => void outcomes.push(outcome)
  const options = { name: 'x', required: false, interval: 60_000, timeout: 10_000, failureThreshold: 1, ...more }
  const check = new Check({ ...options, look, onFailure })
  t.after(() => check.stop())
  check.start()
  return outcomes
}

/** Whether a process with this word on its command line runs. */
function isAlive(word: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        Number(pid) !== process.pid &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word)
      )
    } catch {
      return false
    }
  })
}
