const PRIME = 0x1000000000000000000013bn
const OFFSET = 0x6c62272e07bb014262b821756295c58dn

/**
 * A valid DICOM UID that depends on the text alone: "2.25." and a 128-bit number, as PS3.5 B.2 derives UIDs from
 * UUIDs. The number is the text's FNV-1a hash with the version and variant bits of a name-based UUID.
 */
export function uidOf(text: string): string {
  let hash = OFFSET
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * PRIME) & MASK
  return uidOfHash(hash)
}

/** The UID "2.25." of a 128-bit hash, of which 6 bits give way to those of a UUID made from a hash. */
export const uidOfHash = (hash: bigint): string => `2.25.${(hash & MASK & ~VERSION_BITS) | VERSION}`

const MASK = (1n << 128n) - 1n
const VERSION_BITS = (0xfn << 76n) | (0x3n << 62n)
/** Version 8 (custom hash), variant 10, RFC 9562. */
const VERSION = (0x8n << 76n) | (0x2n << 62n)
