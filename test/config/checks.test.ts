/** Faults that only show when settings are held against each other or against the disk. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loaded, refused } from './load-with.ts'

const two = 'upstreams: { a: { url: http://a/a }, b: { url: http://b/b } }\n'

test('several upstreams need routes, and routes need an upstream', async () => {
  assert.deepEqual(await refused({ yaml: two }), [
    'routes: is missing, and there are several upstreams (add a route for each, for example routes: [{ path: /a, upstream: a }, { path: /b, upstream: b }])',
  ])
  assert.deepEqual(
    await refused({ yaml: `${two}routes: [{ path: /a }, { path: /b, upstream: bb }, { path: /c, upstream: wholly }]` }),
    [
      'routes[0].upstream: is missing, and there are several upstreams (one of a, b)',
      'routes[1].upstream: names no upstream: bb (did you mean b?)',
      'routes[2].upstream: names no upstream: wholly (one of a, b)',
    ],
  )
  assert.deepEqual(await refused({ yaml: 'routes: [{ path: /a }]' }), [
    'routes[0].upstream: is missing, and there is no upstream (add one under upstreams, or give --upstream URL)',
  ])
})

test('a URL whose path cannot be a route needs a route', async () => {
  const errors = await refused({ argv: ['--upstream', 'http://a/m*p'] })
  assert.deepEqual(errors, ['--upstream: has a * in its path, which no route can have (add a route with another path)'])
  await loaded({ argv: ['--upstream', 'http://a/m*p'], yaml: 'routes: [{ path: /mcp }]' })
})

test('two routes may not have the same host name and path', async () => {
  const routes = (a: string, b: string) =>
    `${two}routes: [{ path: /m, upstream: a, ${a} }, { path: /m, upstream: b, ${b} }]`
  const clash = 'routes[1].path: is the path of routes[0] too (/m) (change the path, or give each its own hostnames)'
  assert.deepEqual(await refused({ yaml: routes('hostnames: []', 'hostnames: []') }), [clash])
  assert.deepEqual(await refused({ yaml: routes('hostnames: [x, y]', 'hostnames: [z, Y]') }), [clash])
  await loaded({ yaml: routes('hostnames: [x]', 'hostnames: [y]') })
})

test('a passthrough path may not be a route, nor belong to two upstreams, nor be the own health', async () => {
  const yaml = `${two}routes:
  - { path: /a, upstream: a, passthrough: [/sse, /b] }
  - { path: /b, upstream: b, passthrough: [/sse, /health] }
  - { path: /health/ready, upstream: a, passthrough: [/sse] }
  - { path: /b, upstream: b, hostnames: [b.example], passthrough: [/sse] }`
  assert.deepEqual(await refused({ yaml }), [
    "routes[2].path: is the gateway's own (/health/ready) (choose another path)",
    'routes[0].passthrough[1]: is the path of routes[1] too (/b) (remove it)',
    'routes[1].passthrough[0]: is passed to a by routes[0] already (/sse) (leave it to one upstream, or give each route its own hostnames)',
    "routes[1].passthrough[1]: is the gateway's own (/health) (remove it)",
  ])
})

test('a passthrough flag that is the route itself is told by the flag', async () => {
  const errors = await refused({ argv: ['--upstream', 'http://a/mcp', '--passthrough', '/mcp'] })
  assert.deepEqual(errors, ['--passthrough: is the path of routes[0] too (/mcp) (remove it)'])
})

test('proxy and admin listener need ports of their own', async () => {
  const error = ['admin.port: is the port of the proxy listener too (9) (give one of the two another port)']
  assert.deepEqual(await refused({ yaml: 'listen: { port: 9 }\nadmin: { port: 9 }' }), error)
  assert.deepEqual(await refused({ yaml: 'listen: { port: 9, host: 0.0.0.0 }\nadmin: { port: 9 }' }), error)
  await loaded({ yaml: 'listen: { port: 9, host: 127.0.0.2 }\nadmin: { port: 9 }' })
  await loaded({ yaml: 'listen: { port: 0 }\nadmin: { port: 0 }' })
})

test('a certificate needs its key and a key its certificate', async () => {
  const files = { 'a.pem': '-----BEGIN CERTIFICATE-----' }
  assert.deepEqual(await refused({ files, yaml: 'listen: { tls: { cert: a.pem } }' }), [
    'listen.tls.key: is missing (add key: tls.key)',
  ])
  assert.deepEqual(await refused({ files, yaml: 'upstreams: { a: { url: https://a/a, tls: { cert: a.pem } } }' }), [
    'upstreams.a.tls.key: is missing (cert needs its key)',
  ])
  assert.deepEqual(await refused({ files, yaml: 'upstreams: { a: { url: https://a/a, tls: { key: a.pem } } }' }), [
    'upstreams.a.tls.cert: is missing (key needs its certificate)',
  ])
})

test('files that are named must be readable, and certificates must be PEM', async () => {
  const yaml =
    'listen: { tls: { cert: no.pem, key: a.der } }\ninterceptors: [{ module: ./no.mjs }, { module: ./folder }]'
  const errors = await refused({ yaml, files: { 'a.der': '0', 'folder/x': '' } })
  const shapes = [
    /^listen.tls.cert: does not exist: .*no.pem/,
    /^listen.tls.key: holds no PEM block: /,
    /^interceptors\[0\].module: does not exist: /,
    /^interceptors\[1\].module: is a folder: /,
  ]
  assert.equal(errors.length, shapes.length, errors.join('\n'))
  for (const [i, shape] of shapes.entries()) assert.match(errors[i] ?? '', shape)
})

test('publicUrl is a plain http URL', async () => {
  const yaml =
    'upstreams: { a: { url: http://a/a } }\nroutes: [{ path: /a, publicUrl: "https://a/b?c" }, { path: /b, publicUrl: gateway }, { path: /c, publicUrl: "http://[" }]'
  assert.deepEqual(await refused({ yaml }), [
    'routes[0].publicUrl: must not carry a query (remove everything from the ? on)',
    'routes[1].publicUrl: must be an http or https URL, not "gateway" (for example https://gateway.example.com/mcp)',
    'routes[2].publicUrl: is not a valid URL (for example http://127.0.0.1:3001/mcp)',
  ])
})

test('names out of the prototype are names like any other', async () => {
  const yaml = 'upstreams: { constructor: { url: http://a/a } }\nlisten: { __proto__: 1, toString: 2 }'
  assert.deepEqual(
    (await refused({ yaml })).map((error) => error.split(':')[0]),
    ['listen.__proto__', 'listen.toString'],
  )
  assert.equal(
    (await loaded({ yaml: 'upstreams: { constructor: { url: http://a/a } }' })).config.routes[0]?.upstream,
    'constructor',
  )
  assert.match(
    (await refused({ yaml: 'upstreams: { a: { url: http://a/a } }\nroutes: [{ path: /a, upstream: toString }]' }))[0] ??
      '',
    /names no upstream/,
  )
})
