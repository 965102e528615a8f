/** Reads a configuration file (YAML, of which JSON is a part) as a plain document, and checks the files that it names. */
import { readFile } from 'node:fs/promises'
import { tokenFault } from '../admin/tokens.ts'
import { fileFailure } from '../file-failure.ts'
import type { ConfigError } from './errors.ts'
import type { NamedFile } from './walk.ts'

/** The document, or errors whose path is the file, with line and column where they are known. */
export async function readDocument(
  file: string,
  shown: string,
): Promise<{ document: unknown } | { errors: ConfigError[] }> {
  const read = await attempt(file)
  if ('failure' in read)
    return { errors: [{ path: shown, message: read.failure, hint: 'check the path and its permissions' }] }
  // Imported only here: a start without a file does without it.
  const { LineCounter, parseDocument } = await import('yaml')
  // The library prints its warnings itself unless the level is above them.
  const parsed = parseDocument(read.text, { lineCounter: new LineCounter(), merge: true, logLevel: 'error' })
  const errors = [...parsed.errors, ...parsed.warnings].map(({ code, message, linePos }) => ({
    path: linePos ? `${shown}:${linePos[0].line}:${linePos[0].col}` : shown,
    message: code === 'DUPLICATE_KEY' ? 'is a duplicate key' : `is not valid YAML: ${firstLine(message)}`,
    hint: code === 'DUPLICATE_KEY' ? 'remove one of the two' : undefined,
  }))
  if (errors.length > 0) return { errors }
  try {
    return shaped(parsed.toJS(), shown)
  } catch (error) {
    return { errors: [{ path: shown, message: `is not valid YAML: ${firstLine(String(error))}`, hint: undefined }] }
  }
}

function shaped(document: unknown, shown: string): { document: unknown } | { errors: ConfigError[] } {
  if (document === null) return { document: {} }
  if (typeof document === 'object' && !Array.isArray(document)) return { document }
  return {
    errors: [{ path: shown, message: 'must hold a mapping of settings', hint: 'for example listen: { port: 8080 }' }],
  }
}

/** Errors for the named files that cannot be read or do not hold what they should. */
export async function checkFiles(files: readonly NamedFile[]): Promise<ConfigError[]> {
  const checked = await Promise.all(
    files.map(async ({ path, file, holds }) => {
      const read = await attempt(file)
      if ('failure' in read)
        return {
          path,
          message: `${read.failure}: ${file}`,
          hint: 'relative paths begin at the folder of the configuration file',
        }
      if (holds === 'pem' && !read.text.includes('-----BEGIN '))
        return { path, message: `holds no PEM block: ${file}`, hint: 'convert it to PEM' }
      const fault = holds === 'token' ? tokenFault(read.text.trim()) : undefined
      if (fault !== undefined)
        return { path, message: `${fault}: ${file}`, hint: 'openssl rand -hex 32 makes a good one' }
      return undefined
    }),
  )
  return checked.filter((error) => error !== undefined)
}

async function attempt(file: string): Promise<{ text: string } | { failure: string }> {
  try {
    return { text: await readFile(file, 'utf8') }
  } catch (error) {
    return { failure: fileFailure(error) }
  }
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')
}
