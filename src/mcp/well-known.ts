/** Where OAuth metadata of a resource stands: RFC 9728 §3.1, RFC 8414 §3.1, and what MCP asks of both. Pure. */

/** Names whose well-known URI carries the path of what it describes behind it. */
export const WELL_KNOWN = ['oauth-protected-resource', 'oauth-authorization-server', 'openid-configuration'] as const

export type WellKnown = (typeof WELL_KNOWN)[number]

/** The path of the metadata about what stands at `path`; the well-known part comes first, and `/` adds nothing. */
export function wellKnownPath(name: WellKnown, path: string): string {
  return `/.well-known/${name}${path === '/' ? '' : path}`
}

/** Where metadata stands that is about a whole origin. */
export const ROOT_METADATA = wellKnownPath('oauth-protected-resource', '/')

/** What downstreams may know of a route with a public URL. */
export interface PublicResource {
  /** The URL by which downstreams reach the route: their name for the resource. */
  readonly url: string
  /** Whether this gateway passes `/.well-known/oauth-protected-resource`, with no path behind it, to this upstream. */
  readonly ownsRoot: boolean
}

/**
 * A challenge (`WWW-Authenticate`) with its `resource_metadata` on the public URL; everything else as it was.
 * @see RFC 9728 §5.1
 */
export function publicChallenge(challenge: string, resource: PublicResource): string {
  return challenge.replace(PARAMETER, (whole, prefix?: string, quoted?: string, bare?: string) => {
    const value = quoted ?? bare ?? ''
    return prefix !== undefined && URL.canParse(value) ? `${prefix}"${publicMetadataUrl(value, resource)}"` : whole
  })
}

/** Quoted strings match too, as a whole, so that nothing inside one is taken for a parameter. */
const PARAMETER = /(\bresource_metadata\s*=\s*)(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|"(?:[^"\\]|\\.)*"/gi

/** Where the gateway serves what the upstream serves at `value`. */
function publicMetadataUrl(value: string, { url, ownsRoot }: PublicResource): string {
  const { origin, pathname } = new URL(url)
  // An upstream that names the root may serve it nowhere else.
  const root = ownsRoot && new URL(value).pathname === ROOT_METADATA
  return origin + (root ? ROOT_METADATA : wellKnownPath('oauth-protected-resource', pathname))
}

/**
 * The metadata document with `resource` replaced; `undefined` if there is none to replace.
 * RFC 9728 §3.3: clients refuse metadata whose `resource` is not the URL that they asked for.
 */
export function withResource(document: string, resource: string): string | undefined {
  let metadata: unknown
  try {
    metadata = JSON.parse(document)
  } catch {
    return undefined
  }
  if (typeof metadata !== 'object' || metadata === null || !('resource' in metadata)) return undefined
  metadata.resource = resource
  return JSON.stringify(metadata)
}
