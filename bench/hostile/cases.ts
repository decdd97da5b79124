import { createRandom, type Random } from './random.ts'

/** One hostile input, made again from these few numbers. */
export type Case =
  | { readonly kind: 'whole'; readonly file: number }
  /** The first `end` bytes. */
  | { readonly kind: 'cut'; readonly file: number; readonly end: number }
  | { readonly kind: 'mutated'; readonly file: number; readonly seed: number }

/** Files whole, cut at each `step` bytes, and `mutations` times damaged at random, in turn. */
export function* listCases(sizes: readonly number[], mutations: number, step = 1024): Generator<Case> {
  for (let file = 0; file < sizes.length; file++) yield { kind: 'whole', file }
  for (let file = 0; file < sizes.length; file++)
    for (let end = 0; end < sizes[file]; end += step) yield { kind: 'cut', file, end }
  for (let seed = 0; seed < mutations; seed++) yield { kind: 'mutated', file: seed % sizes.length, seed }
}

export function bytesOf(one: Case, original: Uint8Array): Uint8Array {
  if (one.kind === 'whole') return original
  if (one.kind === 'cut') return original.slice(0, one.end)
  return mutate(original, createRandom(one.seed))
}

/** Values that lengths, counts and sizes lie with. */
const LIES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]
/** Headers are where a parser can be led astray; most damage goes there. */
const HEADER_BYTES = 4096

/** One to eight random damages: bits, bytes, lies of 16 or 32 bits, blocks moved, doubled or taken out. */
export function mutate(original: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = new Uint8Array(original)
  for (let n = 1 + random.below(8); n > 0 && bytes.length > 0; n--) {
    const reach = random.below(5) > 0 ? Math.min(bytes.length, HEADER_BYTES) : bytes.length
    const at = random.below(reach)
    const length = Math.min(1 + random.below(64), bytes.length - at)
    switch (random.below(7)) {
      case 0:
        bytes[at] ^= 1 << random.below(8)
        break
      case 1:
        bytes[at] = random.below(256)
        break
      case 2:
        lie(bytes, at & ~1, 2, LIES[random.below(LIES.length)])
        break
      case 3:
        lie(bytes, at & ~1, 4, LIES[random.below(LIES.length)])
        break
      case 4:
        bytes.copyWithin(random.below(reach), at, at + length)
        break
      case 5:
        bytes = join(bytes.subarray(0, at + length), bytes.subarray(at))
        break
      default:
        bytes = join(bytes.subarray(0, at), bytes.subarray(at + length))
    }
  }
  return bytes
}

function lie(bytes: Uint8Array, at: number, width: number, value: number): void {
  for (let i = 0; i < width && at + i < bytes.length; i++) bytes[at + i] = (value >>> (8 * i)) & 255
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const out = new Uint8Array(first.length + second.length)
  out.set(first)
  out.set(second, first.length)
  return out
}
