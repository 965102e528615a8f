/** Points OAuth discovery of a route at the URL by which downstreams reach it (RFC 9728 §5.1, `resource_metadata`). */
import type { Interceptor } from '../exchange/interceptor.ts'

/** @param urls route path to public URL; routes without one pass untouched */
export function publicUrl(urls: ReadonlyMap<string, string>): Interceptor {
  return {
    name: 'public_url',
    onResponse(x, head) {
      const url = urls.get(x.route.path)
      if (url === undefined) return undefined
      const { headers } = head
      for (let i = 0; i < headers.length; i += 2) {
        if (headers[i]?.toLowerCase() === 'www-authenticate')
          headers[i + 1] = onPublicOrigin(headers[i + 1] as string, url)
      }
      return undefined
    },
  }
}

const PARAMETER = /(\bresource_metadata\s*=\s*)(?:"([^"]*)"|([^\s,"]+))/gi

function onPublicOrigin(challenge: string, url: string): string {
  return challenge.replace(PARAMETER, (whole, prefix: string, quoted?: string, bare?: string) => {
    const value = quoted ?? bare ?? ''
    return URL.canParse(value) ? `${prefix}"${metadataUrl(url)}"` : whole
  })
}

/** RFC 9728 §3.1: the well-known part stands between host and path of the resource. */
export function metadataUrl(resource: string): string {
  const { origin, pathname } = new URL(resource)
  return `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`
}
