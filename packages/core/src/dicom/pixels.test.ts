import { describe, expect, it } from 'vitest'
import { type SliceOptions, writeSlice } from '../../test/dicom-bytes.ts'
import { memoryFile } from '../../test/memory-source.ts'
import { joinFragments } from './fragments.ts'
import { parseInstance } from './instance.ts'
import { readStoredValues, whyUnreadable } from './pixels.ts'

const JPEG = '1.2.840.10008.1.2.4.70'

function open(options: SliceOptions) {
  const bytes = writeSlice(options)
  const parsed = parseInstance('a', bytes)
  if (parsed.kind !== 'instance') throw new Error(JSON.stringify(parsed))
  return { instance: parsed.instance, file: memoryFile('a', bytes) }
}

describe('readStoredValues', () => {
  it('gives 16-bit values as they are stored', async () => {
    const { instance, file } = open({ value: (y, x) => -100 + 10 * y + x })
    const values = await readStoredValues(instance, file, {})
    expect(values).toBeInstanceOf(Uint16Array)
    expect(values[6]).toBe(65536 - 100 + 12)
    expect(values.length).toBe(16)
  })

  it('gives 8-bit values', async () => {
    const { instance, file } = open({ bitsAllocated: 8, signed: false, value: (y, x) => 10 * y + x })
    expect([...(await readStoredValues(instance, file, {}))].slice(4, 8)).toEqual([10, 11, 12, 13])
  })

  it('hands the joined fragments of a frame to the codec', async () => {
    const fragments = [new Uint8Array([1, 2, 3, 4]), new Uint8Array([5, 6])]
    const { instance, file } = open({ transferSyntax: JPEG, fragments })
    let frame: readonly number[] = []
    const values = await readStoredValues(instance, file, {
      [JPEG]: (bytes) => {
        frame = [...bytes]
        return new Uint8Array(32).fill(1)
      },
    })
    expect(frame).toEqual([1, 2, 3, 4, 5, 6])
    expect(values[0]).toBe(257)
  })

  it('leaves out the offset table', () => {
    expect([...joinFragments(encapsulated(1, 2, 3, 4))]).toEqual([1, 2, 3, 4])
  })

  it('refuses compressed pixels cut anywhere: a decoder would make up the rest', () => {
    const value = encapsulated(1, 2, 3, 4)
    for (let end = 0; end < value.length - 4; end++)
      expect(() => joinFragments(value.subarray(0, end)), `${end}`).toThrow('truncated')
  })

  it('refuses what a codec decodes to too few bytes', async () => {
    const { instance, file } = open({ transferSyntax: JPEG, fragments: [new Uint8Array(4)] })
    const codecs = { [JPEG]: () => new Uint8Array(30) }
    await expect(readStoredValues(instance, file, codecs)).rejects.toThrow('30 of 32 pixel bytes')
  })
})

describe('whyUnreadable', () => {
  it('names the transfer syntax that no codec decodes', () => {
    const { instance } = open({ transferSyntax: '1.2.840.10008.1.2.5', fragments: [new Uint8Array(4)] })
    expect(whyUnreadable(instance, {})).toBe(
      'transfer syntax 1.2.840.10008.1.2.5 (RLE lossless) is not supported',
    )
    expect(whyUnreadable(instance, { '1.2.840.10008.1.2.5': () => new Uint8Array() })).toBeNull()
  })

  it('says what is wrong with a pixel format', () => {
    const { instance } = open({})
    const format = (change: object) =>
      whyUnreadable({ ...instance, format: { ...instance.format, ...change } }, {})
    expect(format({})).toBeNull()
    expect(format({ samplesPerPixel: 3 })).toContain('colour')
    expect(format({ bitsAllocated: 32 })).toContain('BitsAllocated 32')
    expect(format({ bitsStored: 17 })).toContain('do not fit')
    expect(format({ rows: 5 })).toContain('truncated')
    expect(whyUnreadable({ ...instance, frames: 2 }, {})).toContain('2 frames of 4 x 4 pixels need 64 bytes')
  })
})

/** An offset table, two fragments that share the bytes, and the delimiter. */
function encapsulated(...bytes: readonly number[]): Uint8Array {
  const item = [0xfe, 0xff, 0x00, 0xe0]
  const half = bytes.length / 2
  return Uint8Array.from([
    ...[...item, 4, 0, 0, 0, 9, 9, 9, 9],
    ...[...item, half, 0, 0, 0, ...bytes.slice(0, half)],
    ...[...item, half, 0, 0, 0, ...bytes.slice(half)],
    ...[0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0],
  ])
}
