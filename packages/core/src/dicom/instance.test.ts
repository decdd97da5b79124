import { describe, expect, it } from 'vitest'
import { type SliceOptions, writeSlice } from '../../test/dicom-bytes.ts'
import { memoryFile } from '../../test/memory-source.ts'
import { readInstance } from './header.ts'
import { type Instance, parseInstance } from './instance.ts'

const parse = (options: SliceOptions): Instance => {
  const parsed = parseInstance('a.dcm', writeSlice(options))
  if (parsed.kind !== 'instance') throw new Error(JSON.stringify(parsed))
  return parsed.instance
}

describe('parseInstance', () => {
  const described: SliceOptions = {
    position: [-12.5, 3, 400.25],
    orientation: [0, 1, 0, 0, 0, -1],
    pixelSpacing: [0.5, 0.25],
    rows: 3,
    columns: 5,
    signed: false,
    bitsStored: 12,
    slope: 2,
    intercept: -1000,
    imageType: 'ORIGINAL\\PRIMARY\\AXIAL ',
    kernel: 'BONEPLUS',
    thickness: 0.6,
  }

  it.each([
    ['explicit', {}],
    ['implicit', { implicit: true }],
    ['explicit without preamble or group 0002', { preamble: false, meta: false }],
    ['implicit without preamble or group 0002', { preamble: false, meta: false, implicit: true }],
    ['group 0002 without preamble', { preamble: false }],
  ])('reads the attributes: %s', (_, encoding) => {
    const instance = parse({ ...described, ...encoding })
    expect(instance).toMatchObject({
      position: [-12.5, 3, 400.25],
      orientation: [
        [0, 1, 0],
        [0, 0, -1],
      ],
      pixelSpacingMm: [0.5, 0.25],
      sliceThicknessMm: 0.6,
      kernel: 'BONEPLUS',
      imageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
      format: { rows: 3, columns: 5, signed: false, bitsStored: 12, highBit: 11, rescaleSlope: 2 },
    })
  })

  it.each([[{}], [{ preamble: false }], [{ preamble: false, meta: false, implicit: true }]])(
    'says where the pixels lie in the file: %o',
    (encoding) => {
      const bytes = writeSlice({ value: (y, x) => 10 * y + x, ...encoding })
      const { pixels } = parse({ value: (y, x) => 10 * y + x, ...encoding })
      const view = new DataView(bytes.buffer, pixels.offset)
      expect(pixels.length).toBe(32)
      expect(view.getInt16(2 * 7, true)).toBe(13)
    },
  )

  it.each([
    ['ISO_IR 100', 'M\xfcller', 'Müller'],
    ['ISO_IR 192', 'M\xc3\xbcller', 'Müller'],
    ['ISO_IR 144', '\xbb\xee\xda', 'Люк'],
    ['', 'plain', 'plain'],
    ['ISO_IR 100', 'a\x1b[31mred', 'a [31mred'],
  ])('decodes text in %s', (characterSet, stored, text) => {
    expect(parse({ characterSet, description: stored }).seriesDescription).toBe(text)
  })

  it('takes nothing that acts as a path from a UID', () => {
    expect(parse({ study: '../../etc/passwd' }).studyInstanceUid).not.toMatch(/\.\.|\//)
  })

  it('reads signed padding', () => {
    expect(parse({ padding: -2000 }).format.padding).toEqual([-2000, -2000])
    expect(parse({ padding: 63536, signed: false }).format.padding).toEqual([63536, 63536])
  })

  it('keeps missing geometry missing', () => {
    expect(parse({ position: null }).position).toBeNull()
    expect(parse({ orientation: [0, 0, 0, 0, 0, 0] }).orientation).toBeNull()
    expect(parse({ pixelSpacing: [0, 0] }).pixelSpacingMm).toBeNull()
  })

  it('never throws, at whatever byte a file ends', () => {
    const whole = writeSlice(described)
    for (let end = 0; end < whole.length; end++) {
      const parsed = parseInstance('cut.dcm', whole.subarray(0, end))
      expect(parsed.kind).toBe('skip')
    }
  })

  it('never throws on damaged bytes', () => {
    const whole = writeSlice(described)
    let seed = 1
    const random = (n: number) => {
      seed = (seed * 48271) % 2147483647
      return seed % n
    }
    for (let i = 0; i < 3000; i++) {
      const bytes = whole.slice()
      for (let k = 0; k < 3; k++) bytes[random(bytes.length)] = random(256)
      expect(['instance', 'skip']).toContain(parseInstance('x', bytes).kind)
    }
  })

  it.each([
    [new Uint8Array(0), 'not a DICOM file'],
    [new TextEncoder().encode('notes about the patient'.repeat(20)), 'not a DICOM file'],
    [writeSlice().subarray(0, 301), 'damaged'],
    [writeSlice().slice(0, -1), 'truncated: pixel data needs 32 bytes, 31 are there'],
  ])('skips with a reason', (bytes, reason) => {
    const parsed = parseInstance('a/b', bytes)
    expect(parsed).toMatchObject({ kind: 'skip', skipped: { path: 'a/b' } })
    if (parsed.kind === 'skip') expect(parsed.skipped.reason).toContain(reason)
  })
})

describe('readInstance', () => {
  it('reads a prefix only, and more when the header is long', async () => {
    for (const privateBytes of [0, 20_000, 300_000]) {
      const bytes = writeSlice({ rows: 512, columns: 512, privateBytes })
      let read = 0
      const file = memoryFile('a', bytes)
      const counting: typeof file = {
        ...file,
        read: (range) => {
          read += (range?.end ?? bytes.length) - (range?.start ?? 0)
          return file.read(range)
        },
      }
      const parsed = await readInstance(counting)
      expect(parsed.kind).toBe('instance')
      if (privateBytes === 0) expect(read).toBeLessThan(20_000)
      if (parsed.kind === 'instance') expect(parsed.instance.pixels.offset).toBe(bytes.length - 2 * 512 * 512)
    }
  })

  it('turns a file that cannot be read into a reason', async () => {
    const read = () => Promise.reject(new Error('EACCES'))
    expect(await readInstance({ path: 'a', size: 9, read })).toEqual({
      kind: 'skip',
      skipped: { path: 'a', reason: 'cannot be read: EACCES' },
    })
  })
})
