import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createJpegLosslessCodec } from '../../core/src/dicom/codecs/jpeg-lossless.ts'
import { createNativeCodecs } from '../../core/src/dicom/codecs/native.ts'
import { readInstance } from '../../core/src/dicom/header.ts'
import { createPixelReader } from '../../core/src/dicom/pixels.ts'
import { createRandom } from '../../core/src/phantom/random.ts'
import type { Codec, FrameFormat } from '../../core/src/ports.ts'
import { jpegLosslessBytes, type LosslessImage } from '../../core/test/jpeg-lossless-bytes.ts'
import { openSource } from './sources.ts'

const WASM = createRequire(import.meta.url).resolve('dcmjs-codecs/build/dcmjs-native-codecs.wasm')
const wasm = await WebAssembly.compile(readFileSync(WASM))
const { jpeg: library } = createNativeCodecs(
  async () => (imports) => new WebAssembly.Instance(wasm, imports).exports,
)

/** What the codec makes of a frame, and whether it asked the library; if not, the library's values are the same. */
async function decodeTwice(frame: Uint8Array, format: FrameFormat) {
  let asked = 0
  const codec = createJpegLosslessCodec((...given) => {
    asked++
    return library(...given)
  })
  const result = async (decode: Codec) => {
    try {
      return { values: Buffer.from(await decode(frame, format)).toString('base64') }
    } catch (error) {
      expect(error).toMatchObject({ tag: 'input' })
      return { refused: String(error) }
    }
  }
  const ours = await result(codec)
  if (asked === 0) expect(ours).toEqual(await result(library))
  return { ...ours, own: asked === 0 }
}

const random = createRandom('jpeg-lossless')
const below = (end: number) => Math.floor(random.range(0, end))
const SIZE = { rows: 23, columns: 37 }
const FORMAT = { ...SIZE, bitsAllocated: 16 }

/** A slope with noise of so many bits; with 16 of them every difference occurs. */
function makeImage(precision: number, noiseBits: number, more: Partial<LosslessImage> = {}): LosslessImage {
  const { rows, columns } = { ...SIZE, ...more }
  const values = Uint16Array.from({ length: rows * columns }, (_, i) => {
    const slope = ((i % columns) * 5) & (2 ** precision - 1)
    return (slope + below(2 ** noiseBits)) & (2 ** precision - 1)
  })
  return { rows, columns, precision, values, ...more }
}

const decodeOwn = async (image: LosslessImage) => {
  const { rows, columns, values } = image
  const { own, ...result } = await decodeTwice(jpegLosslessBytes(image), { rows, columns, bitsAllocated: 16 })
  expect(result).toEqual({ values: Buffer.from(values.buffer).toString('base64') })
  return own
}

describe('JPEG lossless', () => {
  it.each([2, 5, 8, 9, 12, 13, 15, 16])('%i bits: the values of libijg', async (precision) => {
    for (const noiseBits of [0, 1, 4, 7, precision].filter((bits) => bits <= precision))
      expect(await decodeOwn(makeImage(precision, noiseBits))).toBe(true)
  })

  it('decodes differences of 32768 and codes of 16 bits', async () => {
    const values = Uint16Array.from({ length: 23 * 37 }, (_, i) =>
      i % 3 === 0 ? 0x8000 : i % 3 === 1 ? 0 : i,
    )
    expect(await decodeOwn({ ...makeImage(16, 1), values })).toBe(true)
    const codeBits = Array.from({ length: 17 }, (_, category) => 16 - Math.min(category, 14))
    expect(await decodeOwn(makeImage(16, 16, { codeBits }))).toBe(true)
  })

  it.each([1, 2, 3])('decodes rows of %i pixels', async (columns) => {
    expect(await decodeOwn(makeImage(12, 9, { columns }))).toBe(true)
  })

  it('leaves other predictors, restarts and 8 bits allocated to the library', async () => {
    for (const predictor of [2, 3, 4, 5, 6, 7])
      expect(await decodeOwn(makeImage(12, 6, { predictor }))).toBe(false)
    for (const predictor of [1, 6])
      expect(await decodeOwn(makeImage(12, 6, { predictor, restartRows: 4 }))).toBe(false)
    const bytes = jpegLosslessBytes(makeImage(8, 4))
    expect(await decodeTwice(bytes, { ...SIZE, bitsAllocated: 8 })).toMatchObject({ own: false })
  })

  it('refuses an image that is cut anywhere, with an end or without', async () => {
    const bytes = jpegLosslessBytes(makeImage(12, 6))
    for (let end = 0; end < bytes.length - 2; end += 31)
      for (const tail of [[], [0xff, 0xd9]])
        expect(await decodeTwice(Uint8Array.of(...bytes.subarray(0, end), ...tail), FORMAT)).toMatchObject({
          refused: expect.any(String),
        })
  })

  it('says of damaged bytes what the library says', async () => {
    const bytes = jpegLosslessBytes(makeImage(12, 6))
    for (let n = 0; n < 100; n++) {
      const broken = bytes.slice()
      // The header is as likely as the samples, which are longer.
      const end = n % 2 === 0 ? 80 : broken.length
      for (let times = 1 + below(3); times > 0; times--) broken[below(end)] = below(256)
      await decodeTwice(broken, FORMAT)
    }
  })
})

const DATA = fileURLToPath(new URL('../../../../shared/data/', import.meta.url))
const GOLDEN = new URL('../../core/test/golden/pixels.json', import.meta.url)
const { files }: { readonly files: Readonly<Record<string, { readonly syntax: string }>> } = JSON.parse(
  readFileSync(GOLDEN, 'utf8'),
)
const LOSSLESS = ['1.2.840.10008.1.2.4.57', '1.2.840.10008.1.2.4.70']

describe.skipIf(!existsSync(DATA))('JPEG lossless files of eight projects', () => {
  it.each(Object.entries(files).filter(([, { syntax }]) => LOSSLESS.includes(syntax)))(
    '%s',
    async (path, { syntax }) => {
      const [file] = await (await openSource(DATA + path)).files()
      const parsed = await readInstance(file)
      if (parsed.kind !== 'instance') throw new Error(parsed.skipped.reason)
      const { instance } = parsed
      const compare: Codec = async (frame, format) => {
        expect(await decodeTwice(frame, format)).toMatchObject({ values: expect.any(String) })
        return library(frame, format)
      }
      const read = createPixelReader({ [syntax]: compare })
      for (let frame = 0; frame < instance.frames; frame++) await read({ ...instance, frame }, file)
    },
  )
})
