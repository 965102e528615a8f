/** Finds an upstream that is the gateway itself, where each request would breed another until no permit is left. Pure. */
import { isLoopback } from '../mcp/allow-list.ts'

export interface Listening {
  readonly host: string
  readonly port: number
}

const EVERYWHERE = new Set(['0.0.0.0', '::'])
/** One machine's own address under its usual names; others of 127.0.0.0/8 may be somebody else's. */
const SELF = new Set(['localhost', '127.0.0.1', '::1'])

/** @param url of the upstream; names are compared as written, not looked up */
export function leadsBack(url: string, { host, port }: Listening): boolean {
  const { hostname, port: stated, protocol } = new URL(url)
  // Any free port is nobody's yet.
  if (port === 0 || port !== Number(stated || (protocol === 'https:' ? 443 : 80))) return false
  const target = hostname.replace(/^\[|\]$/g, '')
  const own = host.toLowerCase()
  if (target === own || EVERYWHERE.has(target)) return true
  return EVERYWHERE.has(own) ? isLoopback(target) : SELF.has(own) && SELF.has(target)
}
