/** Checks that the tokens of the admin listener fit together. */
import type { Config } from './config.ts'
import { at } from './errors.ts'

type Refuse = (path: string, message: string, hint?: string) => void

export function checkAdmin({ admin: { tokens } }: Config, refuse: Refuse): void {
  const names = new Set<string>()
  for (const [i, { name, token, tokenFile, rights }] of tokens.entries()) {
    const path = at('admin.tokens', i)
    if (token === undefined && tokenFile === undefined) refuse(`${path}.tokenFile`, 'is missing', 'or give token')
    if (token !== undefined && tokenFile !== undefined)
      refuse(`${path}.token`, 'stands beside tokenFile', 'remove one of the two')
    if (rights.length === 0) refuse(`${path}.rights`, 'is empty', 'name what the token may do, or remove it')
    if (names.has(name)) refuse(`${path}.name`, `is the name of another token too (${name})`, 'choose another')
    names.add(name)
  }
}
