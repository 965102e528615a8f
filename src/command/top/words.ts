/** Writes figures for people: three digits, and a unit that fits. */

/** In seconds. */
export function seconds(value: number): string {
  if (Number.isNaN(value)) return '–'
  if (value === Number.POSITIVE_INFINITY) return '>5 min'
  if (value < 1) return `${digits(value * 1000)} ms`
  return value < 120 ? `${digits(value)} s` : `${digits(value / 60)} min`
}

export function rate(value: number): string {
  if (!Number.isFinite(value)) return '–'
  return value >= 10_000 ? `${digits(value / 1000)}k` : digits(value)
}

export function share(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0 %'
  const percent = (100 * part) / whole
  return percent < 0.1 ? '<0.1 %' : `${digits(percent)} %`
}

export function bytes(value: number): string {
  if (!(value >= 0)) return '–'
  return value >= 1e9 ? `${digits(value / 1e9)} GB` : `${digits(value / 1e6)} MB`
}

/** In seconds. */
export function age(value: number): string {
  const minutes = Math.floor(value / 60)
  if (minutes < 1) return `${Math.floor(value)} s`
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** What came from outside must not steer the terminal: no control characters, nothing that turns the direction round. */
export function plain(text: string, length = 40): string {
  const shown = [...text.replace(/\p{C}/gu, '?')]
  return shown.length > length ? `${shown.slice(0, length - 1).join('')}…` : shown.join('')
}

function digits(value: number): string {
  if (value === 0) return '0'
  if (value < 0.01) return '<0.01'
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
