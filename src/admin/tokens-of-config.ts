/** The tokens that the configuration names, and what the log hears of them. */
import type { Logger } from 'pino'
import { RIGHTS } from './route.ts'
import { type TokenSource, Tokens } from './tokens.ts'

export interface TokenSettings {
  /** One that may do everything. */
  readonly token: string | undefined
  readonly tokens: readonly TokenSource[]
}

export function tokensOf({ token, tokens }: TokenSettings, logger: Logger): Tokens {
  const sources = token === undefined ? tokens : [...tokens, { name: 'admin', rights: RIGHTS, token }]
  return new Tokens(sources, (caller, error) => {
    if (error === undefined) logger.info({ caller }, 'token read again')
    else logger.error({ caller, err: error }, 'token not read again: the old one still counts')
  })
}
