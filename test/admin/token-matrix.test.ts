/** Every protected path with no token, a wrong one, and one of each right; and who may ask without any token. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { RIGHTS, type Right } from '../../src/admin/route.ts'
import { gateway, inFrontOf, type TestGateway } from '../support/gateway.ts'
import { settles } from '../support/measure.ts'
import { type RawOrigin, rawOrigin } from '../support/raw-origin.ts'
import { type Answer, ask, type Question } from './ask.ts'

interface Listed {
  readonly method: string
  readonly path: string
  /** Left out: open to everybody. */
  readonly right?: Right
}

const tokenOf = (right: string): string => `token-with-the-right-${right}`
const tokens = RIGHTS.map((right) => ({ name: right, token: tokenOf(right), rights: [right] }))
const ALL = 'one-token-with-every-right'

describe('protected paths', () => {
  let origin: RawOrigin
  before(async () => {
    origin = await rawOrigin()
  })
  after(() => origin.close())

  const start = (t: TestContext, admin: object, more: object = {}) => {
    const settings = { admin: { profiles: { pause: 0 }, ...admin }, drain: { lag: 0, deadline: '1s' }, ...more }
    return gateway(inFrontOf(`${origin.url}/mcp`, settings)).then((g) => {
      t.after(() => g.close())
      return g
    })
  }

  const listed = async (base: string): Promise<Listed[]> => {
    const { paths } = (await ask(base, '/')).json() as unknown as { paths: Listed[] }
    assert.ok(paths.length > 12)
    return paths
  }

  // Each from an address of its own, so that no limit on one address is in the way.
  let addresses = 1
  const from = () => `127.0.${Math.floor(++addresses / 250)}.${(addresses % 250) + 1}`
  const knock = (g: TestGateway, { method, path }: Listed, question: Question) => {
    // A profile is not taken for HEAD, and its gate is that of GET.
    const asked = path.startsWith('/debug/pprof/') && method === 'GET' ? 'HEAD' : method
    return ask(g.adminUrl, path.replace(':name', 'anything'), { from: from(), method: asked, ...question })
  }
  const ADMITTED = 'admitted'
  const verdict = ({ status, headers }: Answer): string => {
    if (status !== 401 && status !== 403) return ADMITTED
    return `${status} ${headers['www-authenticate'] ?? ''}`.trim()
  }

  it('each open to the right that it is listed with, and to nothing else', async (t) => {
    const g = await start(t, { token: ALL, tokens })
    const routes = (await listed(g.adminUrl)).filter(({ right, path }) => right !== undefined && path !== '/drain')
    const challenge = 'Bearer realm="sidelight"'
    for (const route of routes) {
      const name = `${route.method} ${route.path}`
      assert.equal(verdict(await knock(g, route, {})), `401 ${challenge}`, name)
      const wrong = verdict(await knock(g, route, { token: 'a-wrong-token-0123456789' }))
      assert.equal(wrong, `401 ${challenge}, error="invalid_token"`, name)
      for (const right of RIGHTS) {
        const lacks = `403 ${challenge}, error="insufficient_scope", scope="${route.right}"`
        const got = verdict(await knock(g, route, { token: tokenOf(right) }))
        assert.equal(got, right === route.right ? ADMITTED : lacks, `${name} with ${right}`)
      }
      assert.equal(verdict(await knock(g, route, { token: ALL })), ADMITTED, name)
    }
    for (const word of ['sessions', 'upstreams', 'config', 'log-level', 'drain', 'errors', 'debug/pprof/profile'])
      assert.ok(
        (await listed(g.adminUrl)).some(({ path, right }) => path === `/${word}` && right !== undefined),
        word,
      )
  })

  it('a drain too, which only the right to write begins', async (t) => {
    const g = await start(t, { tokens })
    const route = { method: 'POST', path: '/drain' }
    for (const right of RIGHTS.filter((name) => name !== 'write'))
      assert.equal((await knock(g, route, { token: tokenOf(right) })).status, 403)
    assert.equal((await ask(g.adminUrl, '/health/ready', { from: from() })).json().status === 'unhealthy', false)
    assert.equal((await knock(g, route, { token: tokenOf('write') })).status, 202)
    await settles(async () => (await fetch(g.adminUrl).catch(() => undefined)) === undefined)
  })

  it('and what is listed without a right to everybody, with or without tokens', async (t) => {
    for (const admin of [{}, { tokens }, { host: '0.0.0.0' }]) {
      const g = await start(t, admin)
      const open = (await listed(g.adminUrl)).filter(({ right }) => right === undefined)
      assert.deepEqual(open.map(({ path }) => path).sort(), ['/', '/health', '/health/ready', '/metrics'])
      for (const route of open) assert.equal(verdict(await knock(g, route, {})), ADMITTED)
    }
  })

  it('without any token on an address that others reach, to nobody, and the log says once how to set one', async (t) => {
    const g = await start(t, { host: '0.0.0.0' })
    for (const route of (await listed(g.adminUrl)).filter(({ right }) => right !== undefined)) {
      const answer = await knock(g, route, { ...(route.method !== 'GET' && { token: ALL }) })
      assert.equal(answer.status, 403, route.path)
      if (answer.text !== '') {
        assert.equal(answer.json().error, 'no_token_configured')
        assert.match(String(answer.json().message), /SIDELIGHT_ADMIN_TOKEN/)
      }
    }
    const told = g.log.filter(({ msg }) => /SIDELIGHT_ADMIN_TOKEN/.test(String(msg)))
    assert.deepEqual(
      told.map(({ level, module }) => [level, module]),
      [['warn', 'admin']],
    )
  })

  it('without any token on loopback, to everybody there, but ids of sessions are not shown', async (t) => {
    const g = await start(t, {})
    const paths = (await listed(g.adminUrl)).filter(({ right, path }) => right !== undefined && path !== '/drain')
    for (const route of paths) assert.equal(verdict(await knock(g, route, {})), ADMITTED, route.path)
    const revealed = await ask(g.adminUrl, '/sessions?reveal=true')
    assert.deepEqual([revealed.status, revealed.json().error], [403, 'right_missing'])
    assert.ok(!g.log.some(({ msg }) => /SIDELIGHT_ADMIN_TOKEN/.test(String(msg))))
  })

  it('to no page of another site, token or not', async (t) => {
    const g = await start(t, {})
    const cross = { 'sec-fetch-site': 'cross-site' }
    assert.equal((await ask(g.adminUrl, '/config', { headers: cross })).json().error, 'cross_site')
    const origins: Record<string, string>[] = [{ origin: 'https://evil.example' }, { host: 'evil.example' }]
    for (const headers of origins) assert.equal((await ask(g.adminUrl, '/config', { headers })).status, 403)
    const closed = await start(t, { token: ALL })
    for (const headers of origins)
      assert.equal((await ask(closed.adminUrl, '/config', { headers, token: ALL })).status, 403)
    assert.equal((await ask(closed.adminUrl, '/config', { headers: cross, token: ALL })).status, 200)
  })

  it('are no paths of the proxy listener', async (t) => {
    const g = await start(t, { token: ALL })
    const paths = (await listed(g.adminUrl)).filter(({ path }) => !path.startsWith('/health') && path !== '/mcp')
    for (const { method, path } of paths) {
      const { status, text } = await ask(g.url, path, { method, token: ALL })
      assert.ok(status === 400 || status === 404 || status === 405, `${path}: ${status}`)
      assert.match(text, /route_not_found|No route serves|jsonrpc/)
    }
  })

  it('take a token in the one form that there is', async (t) => {
    const g = await start(t, { token: ALL })
    const status = async (authorization: string) =>
      (await ask(g.adminUrl, '/config', { from: from(), headers: { authorization } })).status
    for (const good of [`Bearer ${ALL}`, `bearer ${ALL}`, `BEARER  ${ALL} `])
      assert.equal(await status(good), 200, good)
    for (const bad of [ALL, `Basic ${ALL}`, `Bearer ${ALL}, x`, `Bearer${ALL}`, `Bearer ${ALL} ${ALL}`, 'Bearer', ''])
      assert.equal(await status(bad), 401, bad)
    assert.equal((await ask(g.adminUrl, `/config?access_token=${ALL}&token=${ALL}`)).status, 401)
  })
})

describe('whoever asks too often', () => {
  let origin: RawOrigin
  let g: TestGateway
  before(async () => {
    origin = await rawOrigin()
    g = await gateway(inFrontOf(`${origin.url}/mcp`, { admin: { token: ALL } }))
  })
  after(async () => {
    await g.close()
    await origin.close()
  })

  it('with wrong tokens has to wait, and is told how long, while others do not', async () => {
    const guess = () => ask(g.adminUrl, '/config', { from: '127.7.0.1', token: 'guessed-token-0123456789' })
    const limited = await settles(async () => {
      const answer = await guess()
      return answer.status === 429 ? answer : undefined
    })
    assert.deepEqual([limited?.json().error, limited?.headers['retry-after']], ['too_many', '1'])
    assert.equal((await ask(g.adminUrl, '/config', { from: '127.7.0.2', token: ALL })).status, 200)
    // A request without a token guesses nothing.
    assert.equal((await ask(g.adminUrl, '/config', { from: '127.7.0.1' })).status, 401)
    await settles(async () => (await ask(g.adminUrl, '/config', { from: '127.7.0.1', token: ALL })).status === 200)
    assert.ok((await g.metric('sidelight_admin_refused_total', { reason: 'token_wrong' })) >= 10)
    assert.ok((await g.metric('sidelight_admin_refused_total', { reason: 'too_many' })) >= 1)
    const lines = g.log.filter(({ msg }) => msg === 'wrong token')
    assert.ok(lines.length >= 10)
    assert.doesNotMatch(JSON.stringify(lines), /guessed-token/)
  })

  it('with the right token has to wait too, but never for metrics and health', async () => {
    const from = '127.7.0.3'
    const limited = await settles(
      async () => {
        const answers = await Promise.all(
          Array.from({ length: 50 }, () => ask(g.adminUrl, '/log-level', { from, token: ALL })),
        )
        return answers.find(({ status }) => status === 429)
      },
      { within: 20_000 },
    )
    assert.match(String(limited?.headers['retry-after']), /^\d+$/)
    for (const path of ['/metrics', '/health']) assert.equal((await ask(g.adminUrl, path, { from })).status, 200)
  })
})
