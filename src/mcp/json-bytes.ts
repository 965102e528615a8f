/** The bytes that JSON is made of, as constants and look-up tables. Pure. */

export const QUOTE = 0x22
export const COMMA = 0x2c
export const MINUS = 0x2d
export const POINT = 0x2e
export const ZERO = 0x30
export const NINE = 0x39
export const COLON = 0x3a
export const OPEN_ARRAY = 0x5b
export const BACKSLASH = 0x5c
export const CLOSE_ARRAY = 0x5d
export const UPPER_E = 0x45
export const LOWER_E = 0x65
export const LOWER_F = 0x66
export const LOWER_N = 0x6e
export const LOWER_T = 0x74
export const LOWER_U = 0x75
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d

function table(...bytes: readonly number[]): Uint8Array {
  const marked = new Uint8Array(256)
  for (const byte of bytes) marked[byte] = 1
  return marked
}

/** White space between tokens. */
export const SPACE = table(0x09, 0x0a, 0x0d, 0x20)

/** What a scan of a string stops at when its inside is only jumped over. */
export const STRING_STOPS = table(QUOTE, BACKSLASH)

/** The same when control characters are refused. */
export const STRICT_STRING_STOPS = table(QUOTE, BACKSLASH, ...Array(0x20).keys())

/** What may follow a backslash; `u` wants four of `HEX` behind it. */
export const ESCAPES = table(...Buffer.from('"\\/bfnrtu'))

export const HEX = table(...Buffer.from('0123456789abcdefABCDEF'))
