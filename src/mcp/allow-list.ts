/** Host and Origin allow-lists against DNS rebinding (MCP specification, transports, "Security Warning"). Pure. */
import { BlockList, isIP } from 'node:net'
import { remember } from '../remember.ts'

/** Says whether a header value may pass; `undefined`: everything may. */
export type Allows = ((value: string) => boolean) | undefined

const LOOPBACK_NETWORKS = new BlockList()
LOOPBACK_NETWORKS.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK_NETWORKS.addAddress('::1', 'ipv6')

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether a listener bound to this address can be reached from this machine alone. */
export function isLoopback(address: string): boolean {
  const version = isIP(address)
  if (version === 0) return address.toLowerCase() === 'localhost'
  return LOOPBACK_NETWORKS.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

/** A Host value without its port, lower-cased. What is no host and port is no host name either, and stays whole. */
export const hostname = remember((host) => (HOST_AND_PORT.exec(host)?.[1] ?? host).toLowerCase())

const HOST_AND_PORT = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/

/**
 * @param names allowed Host values, with port (must match) or without (any port); `['*']`: all; `undefined`: loopback
 *   names on a loopback bind, all on another
 * @param bind the listener's address
 * @param routed host names of routes: allowed as well, because who named them there means them to be asked for
 */
export function allowedHosts(
  names: readonly string[] | undefined,
  bind: string,
  routed: readonly string[] = [],
): Allows {
  if (names === undefined ? !isLoopback(bind) : names.includes('*')) return undefined
  const stated = names ?? [...LOOPBACK, bind]
  const set = new Set([...stated, ...routed].map((name) => name.toLowerCase()))
  return remember((value) => set.has(value.toLowerCase()) || set.has(hostname(value)))
}

/**
 * @param origins allowed Origin values (`https://app.example.com`); `['*']`: all; `undefined`: loopback origins of any
 *   port on a loopback bind, all on another
 * @param bind the listener's address
 */
export function allowedOrigins(origins: readonly string[] | undefined, bind: string): Allows {
  if (origins === undefined) return isLoopback(bind) ? loopbackOrigin : undefined
  if (origins.includes('*')) return undefined
  const set = new Set(origins.map((origin) => origin.toLowerCase()))
  return (value) => set.has(value.toLowerCase())
}

function loopbackOrigin(value: string): boolean {
  const match = /^https?:\/\/([^/]+)$/i.exec(value)
  return match?.[1] !== undefined && LOOPBACK.has(hostname(match[1]))
}
