/** The kinds of value that settings have beyond plain JSON: URLs, host names, origins, networks, paths, files. */
import { isIP } from 'node:net'
import { LEAST_TOKEN_LENGTH } from '../admin/tokens.ts'
import { type Schema, type Site, string } from './schema.ts'

interface Words {
  readonly description?: string
  readonly default?: string
  readonly examples?: readonly string[]
}

/** An http or https URL without credentials, query and fragment. */
export function httpUrl(words: Words): Schema<string> {
  return string({ ...words, pattern: '^[hH][tT][tT][pP][sS]?://\\S+$', noun: 'an http or https URL', refine: plainUrl })
}

function plainUrl(text: string, site: Site): string {
  if (!URL.canParse(text)) site.refuse('is not a valid URL', 'for example http://127.0.0.1:3001/mcp')
  else {
    const url = new URL(text)
    if (url.username || url.password) site.refuse('must not carry credentials', 'remove the part before the @')
    if (text.includes('?')) site.refuse('must not carry a query', 'remove everything from the ? on')
    if (text.includes('#')) site.refuse('must not carry a fragment', 'remove everything from the # on')
  }
  return text
}

/** A host name or IP address without port, lower-cased; IPv6 in brackets, as in a Host header. */
export function hostName(words: Words): Schema<string> {
  return string({
    ...words,
    pattern: '^([^\\s/:@\\[\\]]+|\\[[0-9a-fA-F:.]+\\])$',
    noun: 'a host name without scheme and port (IPv6 in brackets)',
    refine: (text) => text.toLowerCase(),
  })
}

/** An origin as browsers send it (lower case, no default port), or `*`. */
export function origin(words: Words): Schema<string> {
  return string({
    ...words,
    pattern: '^(\\*|[A-Za-z][A-Za-z0-9+.-]*://[^\\s/?#@]+)$',
    noun: 'an origin (scheme://host[:port], nothing after it) or *',
    refine: (text, site) => {
      if (!/^https?:/i.test(text)) return text.toLowerCase()
      if (URL.canParse(text)) return new URL(text).origin
      site.refuse('is not a valid origin', 'for example https://app.example.com')
      return text
    },
  })
}

/** An IP address or CIDR network. */
export function network(words: Words): Schema<string> {
  return string({
    ...words,
    noun: 'an IP address or network',
    refine: (text, site) => {
      if (!isNetwork(text)) site.refuse('is not an IP address or CIDR network', 'for example 10.0.0.0/8')
      return text
    },
  })
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = address.includes('%') ? 0 : isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^(0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

/** A URL path, matched exactly. */
export function urlPath(words: Words): Schema<string> {
  return string({ ...words, pattern: '^/[^\\s?#*]*$', noun: 'a path that begins with / (no query, no *)' })
}

/** A URL path, matched exactly or, ending in `/*`, with everything below it. */
export function urlPaths(words: Words): Schema<string> {
  return string({
    ...words,
    pattern: '^(/[^\\s?#*]*|/([^\\s?#*]*/)?\\*)$',
    noun: 'a path that begins with / and may end in /*',
  })
}

/** A PEM file's path, made absolute. */
export function pemFile(words: Words): Schema<string> {
  return string({ ...words, noun: "a file's path", refine: (text, site) => site.file(text, 'pem') })
}

/** A module: a path beginning with `.`, made absolute, an absolute path, or a package's name. */
export function module(words: Words): Schema<string> {
  const refine = (text: string, site: Site) => (/^[./]/.test(text) ? site.file(text, 'module') : text)
  return string({ ...words, noun: "a module's path or package name", refine })
}

/** A file that holds a token, made absolute. */
export function tokenFile(words: Words): Schema<string> {
  return string({ ...words, noun: "a file's path", refine: (text, site) => site.file(text, 'token') })
}

/** A token that nobody can guess. */
export function token(words: Words): Schema<string> {
  return string({
    ...words,
    pattern: `^[\\x21-\\x7e]{${LEAST_TOKEN_LENGTH},}$`,
    noun: `a text of at least ${LEAST_TOKEN_LENGTH} visible ASCII characters`,
    secret: true,
  })
}

/** A header's value. What is refused is not shown: it may be a secret. */
export function headerValue(words: Words): Schema<string> {
  return string({
    ...words,
    noun: 'a text',
    secret: true,
    refine: (text, site) => {
      if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text))
        site.refuse(
          'holds a character that a header must not have',
          'no line ends, no control characters, Latin-1 only',
        )
      return text
    },
  })
}
