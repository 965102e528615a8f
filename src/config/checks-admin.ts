/** Checks that the tokens of the admin listener fit together. */
import { readFile } from 'node:fs/promises'
import { tokenFault } from '../admin/tokens.ts'
import type { Config } from './config.ts'
import { at, type ConfigError } from './errors.ts'

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

/** Errors for tokens that are the same, of which nobody could say whose rights count. No error tells one. */
export async function checkTokens({ admin: { token, tokens } }: Config): Promise<ConfigError[]> {
  const named = tokens.map(async ({ token, tokenFile }, i) => {
    const key = token === undefined ? 'tokenFile' : 'token'
    return { path: `${at('admin.tokens', i)}.${key}`, value: token ?? (await held(tokenFile)) }
  })
  const errors: ConfigError[] = []
  const taken = new Map<string, string>()
  for (const { path, value } of [...(await Promise.all(named)), { path: 'admin.token', value: token }]) {
    const earlier = value === undefined ? undefined : taken.get(value)
    if (earlier !== undefined)
      errors.push({ path, message: `is the same token as ${earlier}`, hint: 'give each its own' })
    else if (value !== undefined) taken.set(value, path)
  }
  return errors
}

/** What a file holds that can be a token: what else is wrong with it is told as a fault of the file. */
async function held(file: string | undefined): Promise<string | undefined> {
  const text = file === undefined ? '' : await readFile(file, 'utf8').catch(() => '')
  return tokenFault(text.trim()) === undefined ? text.trim() : undefined
}
