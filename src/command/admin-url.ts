/** Where a running gateway is asked: at a given URL, or at the admin listener of a configuration. */

/** The command line is wrong, though each of its values alone could be right. */
export class UsageError extends Error {}

/** @param path taken where the given URL has none */
export function adminUrl(
  admin: { readonly host: string; readonly port: number },
  given: string | undefined,
  path: string,
): URL {
  if (given === undefined) {
    if (admin.port === 0)
      throw new UsageError('the port of the admin listener is chosen at start: say where it is with --url')
    return new URL(path, `http://${reachable(admin.host)}:${admin.port}`)
  }
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `http://${given}`)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(`--url must be an http or https URL, not ${given}: for example http://127.0.0.1:9090`)
  return url.pathname === '/' && url.search === '' ? new URL(path, url) : url
}

/** The address that means "every address" is none to connect to. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
