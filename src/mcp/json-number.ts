/** JSON's grammar of numbers, byte by byte, so that a number may be cut anywhere. Pure. */
import { LOWER_E, MINUS, NINE, POINT, UPPER_E, ZERO } from './json-bytes.ts'

/** Where in a number the scan stands. */
const AFTER_MINUS = 1
const AFTER_ZERO = 2
const IN_INTEGER = 3
const AFTER_POINT = 4
const IN_FRACTION = 5
const AFTER_E = 6
const AFTER_SIGN = 7
const IN_EXPONENT = 8

/** The place after a number's first byte; 0: no number begins with it. */
export function numberStart(byte: number): number {
  if (byte === MINUS) return AFTER_MINUS
  if (byte === ZERO) return AFTER_ZERO
  return byte > ZERO && byte <= NINE ? IN_INTEGER : 0
}

/** The place after one more byte; 0: it is not part of the number. */
export function numberNext(place: number, byte: number): number {
  if (byte >= ZERO && byte <= NINE) return afterDigit(place, byte)
  if (byte === POINT) return place === AFTER_ZERO || place === IN_INTEGER ? AFTER_POINT : 0
  if (byte === LOWER_E || byte === UPPER_E) {
    return place === AFTER_ZERO || place === IN_INTEGER || place === IN_FRACTION ? AFTER_E : 0
  }
  return (byte === 0x2b || byte === MINUS) && place === AFTER_E ? AFTER_SIGN : 0
}

function afterDigit(place: number, byte: number): number {
  switch (place) {
    case AFTER_MINUS:
      return byte === ZERO ? AFTER_ZERO : IN_INTEGER
    case AFTER_ZERO:
      return 0
    case IN_INTEGER:
      return IN_INTEGER
    case AFTER_POINT:
    case IN_FRACTION:
      return IN_FRACTION
    default:
      return IN_EXPONENT
  }
}

/** Whether a number may end there. */
export function numberMayEnd(place: number): boolean {
  return place === AFTER_ZERO || place === IN_INTEGER || place === IN_FRACTION || place === IN_EXPONENT
}
