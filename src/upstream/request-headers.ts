/** Builds the request head that the upstream gets: the downstream's headers, less what ends here, plus what we know. */
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import type { Exchange } from '../exchange/exchange.ts'
import { connectionTokens, forwardable } from '../mcp/headers.ts'

export interface HeaderOptions {
  /** The Host the upstream gets; `undefined`: the downstream's own (`host: preserve`). */
  readonly host: string | undefined
  /** Whether the connection's other end may speak for somebody else by X-Forwarded-*. */
  readonly trusts: (address: string) => boolean
  /** Lower-cased names of further headers that the upstream does not get. */
  readonly without?: readonly string[] | undefined
}

/** Name, value, name, value…, as undici takes them. */
export function requestHeaders(x: Exchange, { host, trusts, without }: HeaderOptions): string[] {
  let dropped = connectionTokens(x.headers.connection)
  const set = x.upstreamHeaders
  if (set !== undefined) dropped = [...dropped, ...set.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())]
  if (without !== undefined) dropped = [...dropped, ...without]
  const out = forwardable(x.rawHeaders, dropped)
  const own = x.headers.host ?? ''
  out.push('host', host ?? own)
  forwardedHeaders(x, own, trusts(x.remoteAddress), out)
  if (x.correlationId !== '') out.push('x-correlation-id', x.correlationId)
  if (set !== undefined) for (let i = 0; i < set.length; i++) out.push(set[i] as string)
  return out
}

function forwardedHeaders(x: Exchange, host: string, trusted: boolean, out: string[]): void {
  const { headers, remoteAddress } = x
  if (!trusted) {
    out.push('x-forwarded-for', remoteAddress, 'x-forwarded-proto', x.encrypted ? 'https' : 'http')
    if (host !== '') out.push('x-forwarded-host', host)
    return
  }
  const given = (name: string): string | undefined => {
    const value = headers[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const chain = given('x-forwarded-for')
  out.push('x-forwarded-for', chain === undefined ? remoteAddress : `${chain}, ${remoteAddress}`)
  out.push('x-forwarded-proto', given('x-forwarded-proto') ?? (x.encrypted ? 'https' : 'http'))
  const forwardedHost = given('x-forwarded-host') ?? host
  if (forwardedHost !== '') out.push('x-forwarded-host', forwardedHost)
  const port = given('x-forwarded-port')
  if (port !== undefined) out.push('x-forwarded-port', port)
  const forwarded = given('forwarded')
  if (forwarded !== undefined) out.push('forwarded', forwarded)
}

/** Says whether an address lies in one of the networks. @param networks IPs or CIDRs, already validated */
export function trustedProxies(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => false
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  // Link-local addresses come with their zone, which no network has.
  return (address) => list.check(address.replace(/%.*/, ''), isIPv4(address) ? 'ipv4' : 'ipv6')
}
