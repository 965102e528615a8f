/** The route table: which upstream gets which path under which host name, and as which path. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { routeTable, type TableRoute } from '../../src/listener/route-table.ts'

const WELL_KNOWN = ['/.well-known/*']
const ROOT = '/.well-known/oauth-protected-resource'
const route = (path: string, upstream: string, more: Partial<TableRoute> = {}): TableRoute => ({
  path,
  upstream,
  hostnames: [],
  passthrough: WELL_KNOWN,
  ...more,
})

/** `host path → upstream upstream-path [resource]`, without the metadata of authorization servers. */
function lines(routes: readonly TableRoute[], paths: Readonly<Record<string, string>> = {}): string[] {
  const { passages } = routeTable(routes, (upstream) => paths[upstream] ?? '/mcp')
  return passages
    .filter(({ path }) => !/oauth-authorization-server|openid-configuration/.test(path))
    .map(({ route: { upstream }, path, hostnames, upstreamPath, resource }) =>
      [hostnames.join(), path, '→', upstream, upstreamPath ?? 'same', resource].filter(Boolean).join(' '),
    )
}

describe('metadata of a route', () => {
  it("goes to that route's upstream, everything else to the first route", () => {
    assert.deepEqual(lines([route('/a', 'a'), route('/b', 'b')], { a: '/a', b: '/deep/mcp' }), [
      `${ROOT}/a → a same`,
      `${ROOT}/b → b ${ROOT}/deep/mcp`,
      `${ROOT} → a same`,
      '/.well-known/* → a same',
    ])
  })

  it('exists for each kind of metadata, under the pattern that lets it pass', () => {
    const { passages } = routeTable([route('/a', 'a')], () => '/')
    assert.deepEqual(
      passages.map(({ path, facts, upstreamPath }) => [path, facts.path, upstreamPath]),
      [
        ['/.well-known/oauth-protected-resource/a', '/.well-known/*', ROOT],
        ['/.well-known/oauth-authorization-server/a', '/.well-known/*', '/.well-known/oauth-authorization-server'],
        ['/.well-known/openid-configuration/a', '/.well-known/*', '/.well-known/openid-configuration'],
        [ROOT, '/.well-known/*', undefined],
        ['/.well-known/*', '/.well-known/*', undefined],
      ],
    )
  })

  it('is kept apart by host name', () => {
    const mine = { hostnames: ['a.example', 'b.example'] }
    const theirs = { hostnames: ['b.example', 'c.example'] }
    assert.deepEqual(lines([route('/x', 'a', mine), route('/y', 'b', theirs)]), [
      `a.example,b.example ${ROOT}/x → a ${ROOT}/mcp`,
      `b.example,c.example ${ROOT}/y → b ${ROOT}/mcp`,
      `a.example,b.example ${ROOT} → a same`,
      `c.example ${ROOT} → b same`,
      'a.example,b.example /.well-known/* → a same',
      'c.example /.well-known/* → b same',
    ])
  })

  it('passes only where passthrough says so', () => {
    assert.deepEqual(lines([route('/a', 'a', { passthrough: [] })]), [])
    assert.deepEqual(lines([route('/a', 'a', { passthrough: ['/sse', '/files/*', '/sse'] })]), [
      '/sse → a same',
      '/files/* → a same',
    ])
    assert.deepEqual(lines([route('/a', 'a', { passthrough: ['/*'] })], { a: '/a' }), [
      `${ROOT}/a → a same`,
      `${ROOT} → a same`,
      '/* → a same',
    ])
  })

  it('about the origin goes to the route that asks for it by name', () => {
    assert.deepEqual(lines([route('/a', 'a'), route('/b', 'b', { passthrough: [ROOT] })], { a: '/a' }), [
      `${ROOT}/a → a same`,
      `${ROOT} → b same`,
      '/.well-known/* → a same',
    ])
  })

  it('never takes the path of an MCP route', () => {
    assert.deepEqual(lines([route('/a', 'a', { passthrough: ['/b', '/c'] }), route('/b', 'b', { passthrough: [] })]), [
      '/c → a same',
    ])
  })
})

describe('a public URL', () => {
  const publicUrl = 'https://gw.example.com/public/a'

  it('is the resource of its metadata, which stands behind its path too', () => {
    assert.deepEqual(lines([route('/a', 'a', { publicUrl }), route('/b', 'b')], { b: '/b' }), [
      `${ROOT}/a → a ${ROOT}/mcp ${publicUrl}`,
      `${ROOT}/public/a → a ${ROOT}/mcp ${publicUrl}`,
      `${ROOT}/b → b same`,
      `${ROOT} → a same ${publicUrl}`,
      '/.well-known/* → a same',
    ])
  })

  it('has its metadata served although nothing else passes', () => {
    assert.deepEqual(lines([route('/a', 'a', { publicUrl, passthrough: [] })]), [
      `${ROOT}/a → a ${ROOT}/mcp ${publicUrl}`,
      `${ROOT}/public/a → a ${ROOT}/mcp ${publicUrl}`,
    ])
  })

  it('of a whole origin takes the metadata of the origin', () => {
    const own = { publicUrl: 'https://gw.example.com/' }
    assert.deepEqual(lines([route('/a', 'a'), route('/b', 'b', own)], { a: '/a', b: '/b' }), [
      `${ROOT}/a → a same`,
      `${ROOT}/b → b same https://gw.example.com/`,
      `${ROOT} → b ${ROOT}/b https://gw.example.com/`,
      '/.well-known/* → a same',
    ])
  })

  it('is known by the identity of a route, not by its path', () => {
    const routes = [
      route('/mcp', 'a', { hostnames: ['a.example'], publicUrl: 'https://a.example/mcp' }),
      route('/mcp', 'b', { hostnames: ['b.example'], publicUrl: 'https://b.example/mcp' }),
      route('/mcp', 'c', { hostnames: ['c.example'] }),
    ]
    const { mcp, resources } = routeTable(routes, () => '/mcp')
    assert.deepEqual(
      mcp.map(({ facts }) => resources.get(facts)?.url),
      ['https://a.example/mcp', 'https://b.example/mcp', undefined],
    )
  })

  it('says whose the metadata of the origin is', () => {
    const { mcp, resources } = routeTable([route('/a', 'a', { publicUrl }), route('/b', 'b', { publicUrl })], () => '/')
    assert.deepEqual(
      mcp.map(({ facts }) => resources.get(facts)?.ownsRoot),
      [true, false],
    )
  })
})
