/** Reads a bearer token for a check, anew each time: it may change. */
import { readFile } from 'node:fs/promises'

export async function bearer(file: string | undefined): Promise<Readonly<Record<string, string>>> {
  if (file === undefined) return {}
  return { authorization: `Bearer ${(await readFile(file, 'utf8')).trim()}` }
}
