import { gzipSync } from 'node:zlib'
import {
  concat,
  type SliceOptions,
  writeDeflatedSlice,
  writeSlice,
} from '../../packages/core/test/dicom-bytes.ts'
import { type EnhancedOptions, writeEnhanced } from '../../packages/core/test/enhanced-bytes.ts'
import { jpegLosslessBytes } from '../../packages/core/test/jpeg-lossless-bytes.ts'
import { type SliceOptions as BareSlice, element, niftiHeader, part10, slice } from './files.ts'

const RLE = '1.2.840.10008.1.2.5'
const JPEG_LOSSLESS = '1.2.840.10008.1.2.4.70'
/** Air and bone on a slope, 4 x 4 words. */
const WORDS = Uint16Array.from({ length: 16 }, (_, n) => 97 * n * n)

const lossless = jpegLosslessBytes({ rows: 4, columns: 4, precision: 16, values: WORDS })

/** RLE of WORDS: of the high bytes a run of two zeros and a literal run, of the low ones a literal run and an idle byte. */
const rle = (() => {
  const high = new Uint8Array([255, 0, 13, ...Array.from(WORDS.subarray(2), (word) => word >> 8)])
  const low = new Uint8Array([15, ...Array.from(WORDS, (word) => word & 255), 128])
  const header = new DataView(new ArrayBuffer(64))
  for (const [n, value] of [2, 64, 64 + high.length].entries()) header.setUint32(4 * n, value, true)
  return concat([new Uint8Array(header.buffer), high, low])
})()

/** A sequence and an item whose ends are marked, beside one hidden in UN, which is written in implicit little endian. */
const delimited = (() => {
  const marker = (tag: number, length: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeUInt16LE(tag >>> 16, 0)
    bytes.writeUInt16LE(tag & 0xffff, 2)
    bytes.writeUInt32LE(length, 4)
    return bytes
  }
  const items = (content: Uint8Array) => [marker(0xfffee000, 0xffffffff), content, marker(0xfffee00d, 0)]
  const end = marker(0xfffee0dd, 0)
  const uid = '1.2.3.9\0'
  const open = (tag: number, vr: string) => element([tag, vr, new Uint8Array(0), 0xffffffff])
  return Buffer.concat([
    ...[open(0x00081140, 'SQ'), ...items(element([0x00081155, 'UI', uid])), end],
    ...[open(0x00091010, 'UN'), ...items(concat([marker(0x00081155, uid.length), Buffer.from(uid)])), end],
  ])
})()

const nifti = (header: Buffer, change: (header: Buffer) => void = () => {}): Buffer => {
  change(header)
  return Buffer.concat([header, Buffer.alloc(2 * 4 * 4 * 2, 0xfc)])
}

const SLICES = {
  explicit: {},
  implicit: { implicit: true },
  'without-meta': { meta: false, preamble: false, implicit: true },
  'eight-bits': { bitsAllocated: 8, signed: false, padding: 0 },
  'odd-text': {
    characterSet: '\\ISO 2022 IR 100',
    description: 'H\xe4ls',
    kernel: 'B60\\3',
    privateBytes: 40,
  },
  rle: { transferSyntax: RLE, fragments: [rle] },
  'rle-in-fragments': { transferSyntax: RLE, fragments: [rle.subarray(0, 70), rle.subarray(70)] },
  'jpeg-lossless': { transferSyntax: JPEG_LOSSLESS, fragments: [lossless] },
} satisfies Record<string, SliceOptions>

const ENHANCED = {
  enhanced: { frames: 2 },
  'enhanced-legacy': { frames: 2, legacy: true },
  'enhanced-big-endian': { frames: 2, bigEndian: true },
  'enhanced-jpeg-lossless': { frames: 2, transferSyntax: JPEG_LOSSLESS, fragments: [lossless, lossless] },
  'enhanced-in-fragments': {
    frames: 2,
    transferSyntax: RLE,
    fragments: [rle.subarray(0, 70), rle.subarray(70), rle],
    offsetTable: [0, rle.length + 16],
    extendedOffsetTable: true,
  },
} satisfies Record<string, EnhancedOptions>

const BARE = { bare: { z: 0 }, 'with-sequences': { z: 0, before: delimited } } satisfies Record<
  string,
  BareSlice
>

const each = <T>(table: Readonly<Record<string, T>>, write: (options: T) => Uint8Array) =>
  Object.entries(table).map(([name, options]) => [`${name}.dcm`, write(options)] as const)

/** Tiny files of every kind that the parsers know, all of our own making and all readable: where the fuzzer starts. */
export const SEEDS: ReadonlyMap<string, Uint8Array> = new Map<string, Uint8Array>([
  ...each<SliceOptions>(SLICES, writeSlice),
  ...each<EnhancedOptions>(ENHANCED, writeEnhanced),
  ...each<BareSlice>(BARE, slice),
  ['deflated.dcm', writeDeflatedSlice()],
  ['sform.nii', nifti(niftiHeader([4, 4, 2]))],
  [
    'qform.nii',
    nifti(niftiHeader([4, 4, 2]), (header) => {
      header.writeInt16LE(0, 254)
      header.writeInt16LE(1, 252)
    }),
  ],
  ['packed.nii.gz', gzipSync(nifti(niftiHeader([4, 4, 2])))],
  ['dicomdir.dcm', part10(element([0x00041220, 'SQ', new Uint8Array(0)]))],
])
