/** Loads a configuration for a test, from a file in a folder of its own. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ConfigError } from '../../src/config/errors.ts'
import { type Loaded, loadConfig } from '../../src/config/load.ts'

interface Given {
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Text of gateway.yaml, which is then named by `--config`. */
  readonly yaml?: string
  /** Other files beside it. */
  readonly files?: Readonly<Record<string, string>>
}

export type Outcome = (Loaded | { errors: readonly ConfigError[] }) & { readonly folder: string }

export async function loadWith({ argv = [], env = {}, yaml, files = {} }: Given): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'sidelight-config-'))
  try {
    for (const [name, text] of Object.entries({ ...files, ...(yaml !== undefined && { 'gateway.yaml': yaml }) })) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), text)
    }
    const named = yaml === undefined || argv[0] === 'check' ? [] : ['--config', 'gateway.yaml']
    return { ...(await loadConfig({ argv: [...named, ...argv], env, cwd: folder })), folder }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Fails the test, telling the errors, when there are any. */
export async function loaded(given: Given): Promise<Loaded & { folder: string }> {
  const outcome = await loadWith(given)
  assert.ok('config' in outcome, JSON.stringify(outcome))
  return outcome
}

/** Each error as `path: message (hint)`. */
export async function refused(given: Given): Promise<string[]> {
  const outcome = await loadWith(given)
  assert.ok('errors' in outcome, 'the configuration was accepted')
  return outcome.errors.map(({ path, message, hint }) => `${path}: ${message}${hint === undefined ? '' : ` (${hint})`}`)
}
