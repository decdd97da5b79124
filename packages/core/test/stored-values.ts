import type { PixelFormat } from '../src/dicom/instance.ts'

/** Stored values as numbers: masked to BitsStored, sign-extended where they are signed. */
export function signedValues(
  raw: Uint8Array | Uint16Array,
  { bitsAllocated, bitsStored, highBit, signed }: PixelFormat,
): Uint8Array | Int8Array | Uint16Array | Int16Array {
  const [Signed, Unsigned] = bitsAllocated === 8 ? [Int8Array, Uint8Array] : [Int16Array, Uint16Array]
  const out = signed ? new Signed(raw.length) : new Unsigned(raw.length)
  for (let i = 0; i < raw.length; i++) {
    const bits = (raw[i] >> (highBit + 1 - bitsStored)) & (2 ** bitsStored - 1)
    out[i] = signed && bits >= 2 ** (bitsStored - 1) ? bits - 2 ** bitsStored : bits
  }
  return out
}
