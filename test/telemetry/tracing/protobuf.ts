/** Reads one protobuf message into its fields by number, knowing nothing of its schema. */

/** Of each field all values, in order: numbers as bigints, everything else as bytes. */
export type Fields = ReadonlyMap<number, readonly (bigint | Buffer)[]>

/** Throws for what is no protobuf. */
export function readMessage(bytes: Buffer): Fields {
  const fields = new Map<number, (bigint | Buffer)[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('the message is cut')
    at += length
    return bytes.subarray(at - length, at)
  }
  const value = (wireType: number): bigint | Buffer => {
    if (wireType === 0) return varint()
    if (wireType === 1) return take(8).readBigUInt64LE()
    if (wireType === 2) return take(Number(varint()))
    if (wireType === 5) return BigInt(take(4).readUInt32LE())
    throw new TypeError(`wire type ${wireType}`)
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const values = fields.get(tag >> 3) ?? []
    values.push(value(tag & 7))
    fields.set(tag >> 3, values)
  }
  return fields
}
