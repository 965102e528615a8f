/** Words why a file cannot be read, to be said after what names it. */

export function fileFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist',
    EACCES: 'must not be read',
    EISDIR: 'is a folder',
  }
  return words[code] ?? `cannot be read (${code})`
}
