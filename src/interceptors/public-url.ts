/** Points OAuth discovery of a route at the URL by which downstreams reach it (RFC 9728 §5.1, `resource_metadata`). */
import type { RouteFacts } from '../exchange/exchange.ts'
import type { Interceptor } from '../exchange/interceptor.ts'
import { type PublicResource, publicChallenge } from '../mcp/well-known.ts'

/** @param resources by the identity of the facts; routes that are not in it pass untouched */
export function publicUrl(resources: ReadonlyMap<RouteFacts, PublicResource>): Interceptor {
  return {
    name: 'public_url',
    onResponse(x, head) {
      const { headers } = head
      const resource = resources.get(x.route)
      if (resource === undefined) return undefined
      for (let i = 0; i < headers.length; i += 2) {
        if (headers[i]?.toLowerCase() !== 'www-authenticate') continue
        headers[i + 1] = publicChallenge(headers[i + 1] as string, resource)
        head.modified = true
      }
      return undefined
    },
  }
}
