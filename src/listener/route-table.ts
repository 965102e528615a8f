/** Which paths the proxy listener serves for each route, and what each of them is to the upstream. Pure. */
import type { RouteFacts } from '../exchange/exchange.ts'
import { type PublicResource, ROOT_METADATA, WELL_KNOWN, wellKnownPath } from '../mcp/well-known.ts'

export interface TableRoute {
  readonly path: string
  /** Empty: every name. */
  readonly hostnames: readonly string[]
  readonly upstream: string
  /** Exact paths, or ending in `/*`. */
  readonly passthrough: readonly string[]
  readonly publicUrl?: string | undefined
}

/** A path that is passed on without being MCP. */
export interface Passage<R extends TableRoute> {
  readonly route: R
  readonly facts: RouteFacts
  readonly path: string
  readonly hostnames: readonly string[]
  /** The upstream's path; `undefined`: the downstream's own. */
  readonly upstreamPath: string | undefined
  /** What stands as `resource` in the protected resource metadata of this path; `undefined`: what the upstream says. */
  readonly resource: string | undefined
}

export interface RouteTable<R extends TableRoute> {
  readonly mcp: readonly { readonly route: R; readonly facts: RouteFacts }[]
  readonly passages: readonly Passage<R>[]
  /** By the facts of every path of the routes that have a public URL. */
  readonly resources: ReadonlyMap<RouteFacts, PublicResource>
}

/** @param upstreamPath the path of an upstream's MCP endpoint, by its name */
export function routeTable<R extends TableRoute>(
  routes: readonly R[],
  upstreamPath: (upstream: string) => string,
): RouteTable<R> {
  const mcp = routes.map((route) => ({ route, facts: { path: route.path, upstream: route.upstream, mcp: true } }))
  const passages: Passage<R>[] = []
  const claims = new Claims(routes)
  const facts = new Map<R, Map<string, RouteFacts>>()
  const factsOf = (route: R, pattern: string): RouteFacts => {
    const own = facts.get(route) ?? new Map<string, RouteFacts>()
    facts.set(route, own)
    const known = own.get(pattern) ?? { path: pattern, upstream: route.upstream, mcp: false }
    own.set(pattern, known)
    return known
  }
  const pass = (route: R, path: string, pattern: string, to: string | undefined, resource?: string): void => {
    const hostnames = claims.claim(route, path)
    if (hostnames === undefined) return
    // As it came, then, also where it is spelt with escapes.
    const other = to === path ? undefined : to
    passages.push({ route, facts: factsOf(route, pattern), path, hostnames, upstreamPath: other, resource })
  }

  // Metadata about a route is its upstream's business, whatever other routes are there.
  for (const route of routes) {
    const own = upstreamPath(route.upstream)
    const paths = route.publicUrl === undefined ? [route.path] : [route.path, new URL(route.publicUrl).pathname]
    for (const name of WELL_KNOWN) {
      for (const path of new Set(paths.map((each) => wellKnownPath(name, each)))) {
        const needed = name === 'oauth-protected-resource' && route.publicUrl !== undefined
        const pattern = covering(route, path) ?? (needed ? path : undefined)
        const resource = needed ? route.publicUrl : undefined
        if (pattern !== undefined) pass(route, path, pattern, wellKnownPath(name, own), resource)
      }
    }
  }
  // Metadata about the origin is the business of the first route, unless another one asks for it by name.
  for (const route of [...routes.filter(({ passthrough }) => passthrough.includes(ROOT_METADATA)), ...routes]) {
    const pattern = covering(route, ROOT_METADATA)
    if (pattern !== undefined) pass(route, ROOT_METADATA, pattern, undefined, route.publicUrl)
  }
  for (const route of routes) for (const path of route.passthrough) pass(route, path, path, undefined)

  const resources = new Map<RouteFacts, PublicResource>()
  for (const { route, facts: own } of [...mcp, ...passages]) {
    if (route.publicUrl === undefined) continue
    resources.set(own, { url: route.publicUrl, ownsRoot: claims.owns(route, ROOT_METADATA) })
  }
  return { mcp, passages, resources }
}

/** The pattern of a route's passthrough that a path falls under; an exact one first. */
function covering({ passthrough }: TableRoute, path: string): string | undefined {
  if (passthrough.includes(path)) return path
  return passthrough.find((pattern) => pattern.endsWith('/*') && path.startsWith(pattern.slice(0, -1)))
}

/** Who has which path of which host name: the first that asks. */
class Claims {
  readonly #owners = new Map<string, TableRoute>()

  constructor(routes: readonly TableRoute[]) {
    for (const route of routes) this.claim(route, route.path)
  }

  /** The host names under which the route gets the path; `undefined`: none. */
  claim(route: TableRoute, path: string): readonly string[] | undefined {
    const free = hostsOf(route).filter((host) => !this.#owners.has(host + path))
    for (const host of free) this.#owners.set(host + path, route)
    if (free.length === 0) return undefined
    return route.hostnames.length === 0 ? [] : free
  }

  /** Whether the route has the path under each of its host names. */
  owns(route: TableRoute, path: string): boolean {
    return hostsOf(route).every((host) => this.#owners.get(host + path) === route)
  }
}

function hostsOf({ hostnames }: TableRoute): readonly string[] {
  return hostnames.length === 0 ? ['*'] : [...new Set(hostnames)]
}
