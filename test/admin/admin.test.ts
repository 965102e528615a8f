/** The admin listener: what it serves, in which form, to whom, and what it says to everybody else. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { gateway, inFrontOf, type TestGateway } from '../support/gateway.ts'
import type { HeaderList } from '../support/http-head.ts'
import { settles } from '../support/measure.ts'
import { type RawResponse, rawClient } from '../support/raw-client.ts'
import { type RawOrigin, rawOrigin } from '../support/raw-origin.ts'

const MALFORMED = { error: 'bad_request', message: 'The request is malformed' }

describe('the admin listener', () => {
  let origin: RawOrigin
  let g: TestGateway
  before(async () => {
    // No MCP server, so that it is never ready.
    origin = await rawOrigin({ behaviour: (exchange) => exchange.respond({ body: '{"ok":true}' }) })
    g = await gateway(inFrontOf(`${origin.url}/mcp`))
  })
  after(async () => {
    await g.close()
    await origin.close()
  })

  async function ask(
    target: string,
    headers: HeaderList = [],
    more: object = {},
    base = g.adminUrl,
  ): Promise<RawResponse> {
    const client = await rawClient(base)
    try {
      return await client.ask({ method: 'GET', target, headers, ...more })
    } finally {
      client.close()
    }
  }

  const json = (response: RawResponse) => JSON.parse(response.body.toString()) as Record<string, unknown>

  describe('/metrics', () => {
    const forms: readonly (readonly [accept: string, type: string, shape: RegExp])[] = [
      ['*/*', 'text/plain; version=0.0.4; charset=utf-8', /^# HELP [\s\S]*\n$/],
      ['text/plain;version=0.0.4', 'text/plain; version=0.0.4; charset=utf-8', /^# HELP [\s\S]*\n$/],
      [
        'application/openmetrics-text;version=1.0.0,*/*;q=0.1',
        'application/openmetrics-text; version=1.0.0; charset=utf-8',
        /\n# EOF\n$/,
      ],
      ['application/json', 'application/json; charset=utf-8', /^[[{][\s\S]*[\]}]\s*$/],
    ]
    for (const [accept, type, shape] of forms) {
      it(`for Accept: ${accept} is ${type}, compressed only where that is accepted`, async () => {
        const plain = await ask('/metrics', [['Accept', accept]])
        assert.deepEqual([plain.status, plain.header('content-type')], [200, type])
        assert.equal(plain.header('content-encoding'), undefined)
        assert.match(plain.body.toString(), shape)
        const packed = await ask('/metrics', [
          ['Accept', accept],
          ['Accept-Encoding', 'br;q=1.0, gzip;q=0.8'],
        ])
        assert.deepEqual([packed.header('content-encoding'), packed.header('content-type')], ['gzip', type])
        assert.match(gunzipSync(packed.body).toString(), shape)
        assert.ok(packed.clean)
        for (const response of [plain, packed]) assert.equal(response.header('vary'), 'accept, accept-encoding')
      })
    }

    it('is not compressed for gzip;q=0, and is for *', async () => {
      const encoded = async (accepted: string) =>
        (await ask('/metrics', [['Accept-Encoding', accepted]])).header('content-encoding')
      assert.equal(await encoded('gzip;q=0, *'), undefined)
      assert.equal(await encoded('*'), 'gzip')
    })

    it('survives scrapers that leave amid a page', async () => {
      for (const encoding of ['identity', 'gzip']) {
        for (let i = 0; i < 5; i++) {
          const client = await rawClient(g.adminUrl)
          await client.send(`GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: ${encoding}\r\n\r\n`)
          client.reset()
        }
      }
      assert.equal((await ask('/metrics')).status, 200)
    })
  })

  describe('/metrics?view=', () => {
    it('is the view alone, in every form', async () => {
      const text = (await ask('/metrics?view=pforge')).body.toString()
      assert.match(text, /^pforge_uptime_seconds \d/m)
      assert.doesNotMatch(text, /mcp_|sidelight_/)
      const open = await ask('/metrics?view=tfo', [['Accept', 'application/openmetrics-text']])
      assert.match(open.body.toString(), /^mcp_sessions_total 0$[\s\S]*\n# EOF\n$/m)
      const parsed = JSON.parse((await ask('/metrics?view=metamcp', [['Accept', 'application/json']])).body.toString())
      assert.equal(parsed[0].name, 'metamcp_request_duration_seconds')
      const packed = await ask('/metrics?view=shadowcat', [['Accept-Encoding', 'gzip']])
      assert.match(gunzipSync(packed.body).toString(), /^mcp_connections_total 0$/m)
    })

    it('may be several, and is not confused by what else the query says', async () => {
      const text = (await ask('/metrics?x=1&view=pforge&view=tfo')).body.toString()
      assert.match(text, /^pforge_uptime_seconds \d/m)
      assert.match(text, /^mcp_sessions_total 0$/m)
      assert.match((await ask('/metrics?view_=1')).body.toString(), /^mcp_connections_active/m)
    })

    for (const query of ['view=grafana', 'view=', 'view=pforge&view=x', 'view=__proto__', 'view=constructor']) {
      it(`with ?${query} is 400, and names those there are`, async () => {
        const response = await ask(`/metrics?${query}`)
        assert.equal(response.status, 400)
        const { error, views } = json(response)
        assert.deepEqual([error, views], ['unknown_view', ['pforge', 'shadowcat', 'metamcp', 'tfo']])
      })
    }
  })

  describe('a scrape', () => {
    it('by HEAD has the head of one by GET, and no body', async () => {
      for (const headers of [[], [['Accept-Encoding', 'gzip']], [['Accept', 'application/json']]] as HeaderList[]) {
        const got = await ask('/metrics', headers)
        const client = await rawClient(g.adminUrl)
        for (let i = 0; i < 2; i++) {
          const head = await client.ask({ method: 'HEAD', target: '/metrics', headers })
          assert.deepEqual([head.status, head.body.length], [200, 0])
          for (const name of ['content-type', 'content-encoding', 'vary'])
            assert.equal(head.header(name), got.header(name), name)
        }
        client.close()
      }
      const client = await rawClient(g.adminUrl)
      assert.equal((await client.ask({ method: 'HEAD', target: '/metrics?view=x' })).status, 400)
      client.close()
    })

    for (const target of [
      'http://',
      'http://127.0.0.1/metrics',
      'http://evil.example/metrics',
      'https://127.0.0.1/metrics',
      'metrics',
      '*',
      '?view=pforge',
      '/metrics%',
      'http:///metrics',
    ]) {
      it(`of the target ${target} is 400, and harms nothing`, async () => {
        const response = await ask(target)
        assert.equal(response.status, 400)
        assert.doesNotMatch(response.body.toString(), /mcp_/)
        assert.equal((await ask('/metrics')).status, 200)
      })
    }

    it('beside another gets its own whole page, whatever the form', async () => {
      const accepted = ['text/plain', 'application/openmetrics-text', 'application/json', 'text/plain']
      const pages = await Promise.all(
        [...accepted, ...accepted].map((accept, i) =>
          ask('/metrics', [['Accept', accept], ...(i < 4 ? [] : ([['Accept-Encoding', 'gzip']] as HeaderList))]),
        ),
      )
      const texts = pages.map(({ body }, i) => (i < 4 ? body : gunzipSync(body)).toString())
      for (const i of [0, 3, 4, 7]) assert.match(texts[i]!, /^# HELP [\s\S]*\nprocess_file_descriptors_open \d+\n/)
      for (const i of [1, 5]) assert.match(texts[i]!, /\n# EOF\n$/)
      for (const i of [2, 6]) assert.ok(JSON.parse(texts[i]!).length > 20)
    })

    it('during a drain is answered', async () => {
      const draining = await gateway(inFrontOf(`${origin.url}/mcp`, { drain: { lag: '500ms', deadline: '2s' } }))
      const drained = draining.drain()
      await settles(async () => (await ask('/health/ready', [], {}, draining.adminUrl)).status === 503)
      const response = await ask('/metrics', [], {}, draining.adminUrl)
      assert.equal(response.status, 200)
      assert.match(response.body.toString(), /^sidelight_uptime_seconds/m)
      await drained
    })

    it('is answered too when traffic is let in no more, and tells what is still open', async (t) => {
      let answer = () => {}
      const held = new Promise<void>((resolve) => {
        answer = resolve
      })
      const slow = await rawOrigin({
        behaviour: async (exchange) => {
          await held
          await exchange.respond({ body: '{}' })
        },
      })
      t.after(() => slow.close())
      const draining = await gateway(inFrontOf(`${slow.url}/mcp`, { drain: { lag: 0, deadline: '20s' } }))
      const client = await rawClient(draining.url)
      t.after(() => client.close())
      const call = client.ask({ body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })
      await settles(async () => (await draining.metric('mcp_requests_active')) === 1)
      const drained = draining.drain()
      await settles(async () => (await fetch(`${draining.url}/health`).catch(() => undefined)) === undefined)
      assert.equal(await draining.metric('mcp_requests_active'), 1)
      const zipped = await ask('/metrics', [['Accept-Encoding', 'gzip']], {}, draining.adminUrl)
      assert.match(gunzipSync(zipped.body).toString(), /^mcp_requests_active\{upstream="upstream"\} 1$/m)
      answer()
      assert.equal((await call).status, 200)
      await drained
    })
  })

  describe('health', () => {
    it('has the same form on both listeners, is never stored, and answers HEAD as GET', async () => {
      await settles(async () => (await ask('/health/ready')).status === 503)
      for (const base of [g.adminUrl, g.url]) {
        for (const [target, status] of [
          ['/health', 200],
          ['/health/ready', 503],
        ] as const) {
          const got = await ask(target, [], {}, base)
          assert.deepEqual([got.status, got.header('cache-control')], [status, 'no-store'])
          assert.equal(got.header('content-type'), 'application/json; charset=utf-8')
          assert.deepEqual(Object.keys(json(got)).sort(), ['components', 'status', 'uptime', 'version'])
          const client = await rawClient(base)
          const head = await client.ask({ method: 'HEAD', target })
          assert.deepEqual([head.status, head.body.length], [status, 0])
          // Nothing of a body is left on the connection.
          assert.equal((await client.ask({ method: 'HEAD', target })).status, status)
          client.close()
        }
      }
      assert.equal(g.exchanges.length, 0, 'health is no exchange')
    })
  })

  describe('everything else', () => {
    for (const [method, target] of [
      ['GET', '/metrics/'],
      ['GET', '/healthy'],
      ['GET', '/nowhere'],
      ['GET', '/%2e%2e/etc/passwd'],
    ] as const) {
      it(`${method} ${target} is 404 as JSON, and says what there is`, async () => {
        const response = await ask(target, [], { method })
        assert.deepEqual([response.status, response.header('content-type')], [404, 'application/json; charset=utf-8'])
        assert.deepEqual(json(response), {
          error: 'not_found',
          message: 'There is no such path; / lists those there are',
        })
      })
    }

    for (const [method, target, least] of [
      ['POST', '/metrics', ['GET']],
      ['OPTIONS', '/metrics?x=y', ['GET']],
      ['PROPFIND', '/metrics', ['GET']],
      ['DELETE', '/health', ['GET', 'HEAD']],
      ['PUT', '/health/ready', ['GET', 'HEAD']],
      ['GET', '/components/database?x=y', ['PUT', 'DELETE']],
    ] as const) {
      it(`${method} ${target} is 405 as JSON, and says what may be asked there`, async () => {
        const response = await ask(target, [], { method })
        assert.deepEqual([response.status, json(response).error], [405, 'method_not_allowed'])
        const allowed = response.header('allow')?.split(', ') ?? []
        for (const each of least) assert.ok(allowed.includes(each), String(allowed))
        assert.ok(!allowed.includes(method))
      })
    }

    it('is refused as JSON where it cannot be read', async () => {
      for (const [target, status] of [
        ['/%', 400],
        ['/metrics%zz', 400],
        [`/components/${'x'.repeat(200)}`, 414],
      ] as const) {
        const response = await ask(target, [], { method: status === 414 ? 'PUT' : 'GET' })
        assert.deepEqual([response.status, json(response)], [status, MALFORMED])
        assert.match(response.header('content-type') ?? '', /^application\/json/)
        assert.doesNotMatch(response.body.toString(), /node_modules|\bat \w/)
      }
    })
  })

  describe('the guard', () => {
    it('names the settings of this listener', async () => {
      const host = json(await ask('/metrics', [], { host: 'evil.example' }))
      assert.match(String(host.message), / admin\.hosts/)
      const origin = json(await ask('/metrics', [['Origin', 'https://evil.example']]))
      assert.match(String(origin.message), / admin\.origins/)
    })

    it('refuses a foreign Host on /metrics with a word, and answers health to any', async () => {
      const refused = await ask('/metrics', [], { host: 'evil.example' })
      assert.deepEqual([refused.status, json(refused).error], [403, 'host_forbidden'])
      for (const target of ['/health', '/health/ready']) {
        assert.notEqual((await ask(target, [], { host: '10.1.2.3:9090' })).status, 403)
      }
    })

    it('opens nothing but health to a foreign Host', async () => {
      for (const target of ['/metrics?x=/health', '/health/../metrics', '//metrics', '/', '/healthmetrics']) {
        const { status, body } = await ask(target, [], { host: 'evil.example' })
        assert.ok(status === 403 || status === 404, `${target}: ${status}`)
        assert.doesNotMatch(body.toString(), /mcp_/)
      }
    })

    it('refuses a foreign Origin on both listeners, health included', async () => {
      for (const base of [g.adminUrl, g.url]) {
        const targets = base === g.url ? ['/mcp'] : ['/metrics', '/health']
        for (const target of targets) {
          const response = await ask(target, [['Origin', 'https://evil.example']], {}, base)
          assert.equal(response.status, 403, `${base}${target}`)
          assert.match(response.body.toString(), /origin_forbidden/)
        }
      }
    })
  })
})
