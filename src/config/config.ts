/** The configuration that everything else is built from: the settings with what they imply filled in. */
import { at, type ConfigError, faulty } from './errors.ts'
import type { Settings } from './settings.ts'
import { route as routeSchema, upstream as upstreamSchema } from './settings-upstreams.ts'
import { walk } from './walk.ts'

type With<T, F> = Omit<T, keyof F> & F

export type Upstream = With<Settings['upstreams'][string], { required: boolean }>
export type Route = With<Settings['routes'][number], { upstream: string }>
/** All durations are in milliseconds, all sizes in bytes, all file paths absolute. */
export type Config = With<Settings, { upstreams: Record<string, Upstream>; routes: Route[] }>

/**
 * Fills in which upstream is required, which upstream a route means, and the route of a sole upstream.
 * @param extra passthrough paths of that implied route
 */
export function resolveSettings(settings: Settings, extra: readonly string[], errors: ConfigError[]): Config {
  const names = Object.keys(settings.upstreams)
  const sole = names.length === 1 ? names[0] : undefined
  const upstreams = Object.entries(settings.upstreams).map(([name, upstream]) => {
    return [name, { ...upstream, required: upstream?.required ?? name === sole }] as const
  })
  const stated = settings.routes.map((route, i) => {
    if (route?.upstream === undefined && sole === undefined && !faulty(errors, at('routes', i)))
      errors.push(upstreamMissing(i, names))
    return { ...route, upstream: route?.upstream ?? sole ?? '' }
  })
  const routes = stated.length > 0 || faulty(errors, 'routes') ? stated : implied(settings, names, extra, errors)
  return { ...settings, upstreams: Object.fromEntries(upstreams), routes }
}

/** The configuration with one more upstream, `default`, and, if it has no routes, a route to it. */
export function withUpstream(config: Config, url: string): Config {
  const upstream = walk(upstreamSchema, { url }, '', blank())
  const required = Object.keys(config.upstreams).length === 0
  const routes = config.routes.length > 0 ? config.routes : [routeTo('default', url, [])]
  return { ...config, upstreams: { ...config.upstreams, default: { ...upstream, required } }, routes }
}

function implied(
  settings: Settings,
  names: readonly string[],
  extra: readonly string[],
  errors: ConfigError[],
): Route[] {
  const [name, ...more] = names
  if (name === undefined) return []
  if (more.length === 0) {
    const place = at('upstreams', name)
    if (faulty(errors, place)) return []
    const { url } = settings.upstreams[name]!
    if (!new URL(url).pathname.includes('*')) return [routeTo(name, url, extra)]
    errors.push({
      path: `${place}.url`,
      message: 'has a * in its path, which no route can have',
      hint: 'add a route with another path',
    })
    return []
  }
  const hint = `add a route for each, for example routes: [${names.map((n) => `{ path: /${n}, upstream: ${n} }`).join(', ')}]`
  errors.push({ path: 'routes', message: 'is missing, and there are several upstreams', hint })
  return []
}

function routeTo(upstream: string, url: string, extra: readonly string[]): Route {
  const { passthrough, ...route } = walk(routeSchema, { path: '/', upstream }, '', blank())
  return { ...route, upstream, path: new URL(url).pathname, passthrough: [...new Set([...passthrough, ...extra])] }
}

function upstreamMissing(i: number, names: readonly string[]): ConfigError {
  const path = at(at('routes', i), 'upstream')
  if (names.length > 0)
    return { path, message: 'is missing, and there are several upstreams', hint: `one of ${names.join(', ')}` }
  return {
    path,
    message: 'is missing, and there is no upstream',
    hint: 'add one under upstreams, or give --upstream URL',
  }
}

function blank() {
  return { folder: '', texts: new Set<string>(), errors: [], files: [] }
}
