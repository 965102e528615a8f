/** Checks what no single setting can tell: that the parts of a configuration fit together. */
import { checkAdmin } from './checks-admin.ts'
import { checkHealth } from './checks-health.ts'
import { checkAlerts } from './checks-incidents.ts'
import { checkPair, checkTelemetry } from './checks-telemetry.ts'
import type { Config } from './config.ts'
import { at, type ConfigError, faulty } from './errors.ts'
import { leadsBack } from './loops.ts'
import { nearest } from './suggest.ts'

/** Paths that the proxy listener serves itself (exact). */
const own = ['/health', '/health/ready']
/** Several routes may claim it: authorization discovery is asked for at the origin, and the first route gets it. */
const shared = '/.well-known/*'

/** Notes errors, leaving out parts that have some already, and returns warnings. */
export function checkConfig(config: Config, errors: ConfigError[]): string[] {
  const refuse = (path: string, message: string, hint?: string) => errors.push({ path, message, hint })
  const sound = (path: string) => !faulty(errors, path)
  const routes = config.routes.map((route, i) => ({ ...route, at: at('routes', i) })).filter((route) => sound(route.at))
  const upstreams = Object.entries(config.upstreams).filter(([name]) => sound(at('upstreams', name)))

  if (sound('listen') && sound('admin')) checkListeners(config, refuse)
  if (sound('admin')) checkAdmin(config, refuse)
  if (sound('drain') && config.drain.lag > config.drain.deadline) {
    refuse(
      'drain.lag',
      'must not be longer than drain.deadline',
      'the deadline counts from the signal on, lag included',
    )
  }
  for (const [name, { url, tls }] of upstreams) {
    if (sound('listen') && leadsBack(url, config.listen)) refuseLoop(at('upstreams', name), config, refuse)
    checkPair(`${at('upstreams', name)}.tls`, tls, refuse)
  }
  if (sound('health')) checkHealth(config, refuse, sound)
  if (sound('alerts.rules')) checkAlerts(config, refuse, sound)
  checkUpstreamsOf(routes, Object.keys(config.upstreams), refuse)
  checkPaths(routes, refuse)
  return [...warningsOf(config, upstreams), ...checkTelemetry(config, refuse, sound)]
}

type Refuse = (path: string, message: string, hint?: string) => void
type PlacedRoute = Config['routes'][number] & { readonly at: string }

function checkListeners({ listen, admin }: Config, refuse: Refuse): void {
  const everywhere = [listen.host, admin.host].some((host) => host === '0.0.0.0' || host === '::')
  if (listen.port === 0 || listen.port !== admin.port || !(everywhere || listen.host === admin.host)) return
  refuse('admin.port', `is the port of the proxy listener too (${listen.port})`, 'give one of the two another port')
}

function refuseLoop(path: string, { listen }: Config, refuse: Refuse): void {
  const hint = 'name the server that it is to stand in front of, or give the gateway another port'
  refuse(`${path}.url`, `is where the gateway itself listens (${listen.host}:${listen.port})`, hint)
}

function checkUpstreamsOf(routes: readonly PlacedRoute[], names: readonly string[], refuse: Refuse): void {
  for (const route of routes) {
    if (names.includes(route.upstream)) continue
    const meant = nearest(route.upstream, names)
    const choice = names.length > 0 ? `one of ${names.join(', ')}` : 'add it under upstreams, or give --upstream URL'
    refuse(`${route.at}.upstream`, `names no upstream: ${route.upstream}`, meant ? `did you mean ${meant}?` : choice)
  }
}

function checkPaths(routes: readonly PlacedRoute[], refuse: Refuse): void {
  const taken = new Map<string, PlacedRoute>()
  for (const route of routes) {
    if (own.includes(route.path))
      refuse(`${route.at}.path`, `is the gateway's own (${route.path})`, 'choose another path')
    for (const host of hostsOf(route)) {
      const earlier = taken.get(host + route.path)
      if (earlier)
        refuse(
          `${route.at}.path`,
          `is the path of ${earlier.at} too (${route.path})`,
          'change the path, or give each its own hostnames',
        )
      else taken.set(host + route.path, route)
    }
  }
  const claimed = new Map<string, PlacedRoute>()
  for (const route of routes)
    for (const [i, path] of route.passthrough.entries()) checkPassthrough(route, path, at(`${route.at}.passthrough`, i))

  function checkPassthrough(route: PlacedRoute, path: string, place: string): void {
    if (own.includes(path)) return void refuse(place, `is the gateway's own (${path})`, 'remove it')
    for (const host of hostsOf(route)) {
      const other = taken.get(host + path)
      if (other) return void refuse(place, `is the path of ${other.at} too (${path})`, 'remove it')
      const earlier = claimed.get(host + path) ?? route
      claimed.set(host + path, earlier)
      if (earlier.upstream === route.upstream || path === shared) continue
      return void refuse(
        place,
        `is passed to ${earlier.upstream} by ${earlier.at} already (${path})`,
        'leave it to one upstream, or give each route its own hostnames',
      )
    }
  }
}

/** A host name holds no slash and a path begins with one, so that name and path together are an unambiguous key. */
function hostsOf(route: PlacedRoute): readonly string[] {
  return route.hostnames.length === 0 ? ['*'] : [...new Set(route.hostnames)]
}

function warningsOf(
  { routes }: Config,
  upstreams: readonly (readonly [string, Config['upstreams'][string]])[],
): string[] {
  return upstreams.flatMap(([name, { url, tls }]) => {
    const unused = routes.some((route) => route.upstream === name)
      ? []
      : [`${at('upstreams', name)}: no route leads to it`]
    const plain = /^http:/i.test(url) && Object.keys(tls).length > 0
    return plain ? [...unused, `${at('upstreams', name)}.tls: has no effect, the URL is http`] : unused
  })
}
