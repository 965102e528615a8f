/** Reads durations as milliseconds and sizes as bytes. */

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const bytes: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
}

/** `1500ms` is 1500; NaN when it is no duration. */
export function parseDuration(text: unknown): number {
  return typeof text === 'string' ? scaled(text, milliseconds) : Number.NaN
}

/** `4KiB` is 4096; NaN when it is no size. */
export function parseSize(text: string): number {
  return scaled(text, bytes)
}

function scaled(text: string, units: Readonly<Record<string, number>>): number {
  const [, amount, unit] = /^(\d+)([a-z]+)$/i.exec(text) ?? []
  return Number(amount) * (units[unit ?? ''] ?? Number.NaN)
}
