import { describe, expect, it } from 'vitest'
import { writeDeflatedSlice } from '../../test/dicom-bytes.ts'
import { type EnhancedOptions, encapsulate, writeEnhanced } from '../../test/enhanced-bytes.ts'
import { memoryFile, memorySource } from '../../test/memory-source.ts'
import { readStudy } from '../read.ts'
import { surveySource } from '../scan.ts'
import { groupSeries } from '../series/group.ts'
import { locateFrames, readParts } from './fragments.ts'
import { readInstance } from './header.ts'
import { createPixelReader, whyUnreadable } from './pixels.ts'

const JPEG = '1.2.840.10008.1.2.4.70'

async function open(bytes: Uint8Array) {
  const file = memoryFile('ct.dcm', bytes)
  const parsed = await readInstance(file)
  if (parsed.kind !== 'instance') throw new Error(parsed.skipped.reason)
  return { ...parsed, file }
}

async function whySkipped(bytes: Uint8Array) {
  const parsed = await readInstance(memoryFile('ct.dcm', bytes))
  return parsed.kind === 'skip' ? parsed.skipped.reason : null
}

describe('an enhanced image', () => {
  it.each([{}, { legacy: true }, { bigEndian: true }] satisfies EnhancedOptions[])(
    'is one image a frame, each with its own place, rescaling and kernel: %o',
    async (options) => {
      const { instances } = await open(writeEnhanced({ ...options, frames: 3, stepMm: 2 }))
      expect(instances).toHaveLength(3)
      for (const [k, instance] of instances.entries())
        expect(instance).toMatchObject({
          sopInstanceUid: '1.2.3.4',
          frames: 3,
          frame: k,
          instanceNumber: k + 1,
          position: [-10, -20, 2 * k],
          orientation: [
            [1, 0, 0],
            [0, 1, 0],
          ],
          pixelSpacingMm: [0.5, 0.25],
          sliceThicknessMm: 1.5,
          imageType: ['ORIGINAL', 'PRIMARY', 'AXIAL', 'NONE'],
          kernel: 'B60',
          format: { rescaleSlope: 2, rescaleIntercept: -1000 - k },
        })
    },
  )

  it.each([false, true])('gives the stored values of each frame (big endian: %s)', async (bigEndian) => {
    const { instances, file } = await open(writeEnhanced({ bigEndian, value: (frame) => 1000 * frame + 7 }))
    const read = createPixelReader({})
    for (const [k, instance] of instances.entries())
      expect(new Set(await read(instance, file))).toEqual(new Set([1000 * k + 7]))
  })

  it('becomes a volume, in the order of its positions, read a frame at a time', async () => {
    const bytes = writeEnhanced({ frames: 64, stepMm: -1, value: (frame) => 10 * frame })
    const file = memoryFile('ct.dcm', bytes)
    let largest = 0
    const watched = {
      ...file,
      read: (range?: { start: number; end: number }) => {
        const { start, end } = range ?? { start: 0, end: bytes.length }
        if (start > 0) largest = Math.max(largest, end - start)
        return file.read(range)
      },
    }
    const { studies } = await surveySource({ name: 'a', files: async () => [watched] })
    const { volume, slices } = await readStudy(studies[0])
    expect(volume.shape).toEqual([64, 4, 4])
    expect(volume.data[0]).toBe(2 * 630 - 1063)
    expect(volume.data[63 * 16]).toBe(-1000)
    expect(slices[0]).toEqual({ sopInstanceUid: '1.2.3.4', path: 'ct.dcm, frame 64' })
    expect(largest).toBe(32)
  })

  it('loses a frame that cannot be decoded, and says which', async () => {
    const fragments = Array.from({ length: 64 }, (_, k) => Uint8Array.of(k, 0))
    const bytes = writeEnhanced({ frames: 64, transferSyntax: JPEG, fragments })
    const codecs = {
      [JPEG]: ([k]: Uint8Array) => {
        if (k === 30) throw new Error('broken')
        return new Uint8Array(32).fill(k)
      },
    }
    const { studies } = await surveySource(memorySource({ 'ct.dcm': bytes }), { codecs })
    const { volume, skipped } = await readStudy(studies[0], { codecs })
    expect(volume.shape).toEqual([64, 4, 4])
    expect(skipped).toContainEqual({ path: 'ct.dcm, frame 31', reason: 'broken' })
  })

  it('is refused when it describes other frames than it has', async () => {
    expect(await whySkipped(writeEnhanced({ claimedFrames: 2147483647 }))).toBe(
      'damaged DICOM file: 2147483647 frames, 3 of them described',
    )
    expect(await whySkipped(writeEnhanced({ claimedFrames: 0 }))).toContain('0 frames')
  })

  it('is no series when nothing says where its frames lie', async () => {
    const { instances } = await open(writeEnhanced({ withoutGroups: true }))
    expect(instances).toHaveLength(1)
    expect(groupSeries(instances).skipped).toEqual([
      { path: 'ct.dcm', reason: 'multi-frame image (3 frames) that does not say where each lies' },
    ])
  })

  it('is refused when its pixels hold fewer frames', async () => {
    const whole = writeEnhanced({ frames: 3, withoutGroups: true, claimedFrames: 4 })
    const { instance } = await open(whole)
    expect(whyUnreadable(instance, {})).toBe(
      'truncated: 4 frames of 4 x 4 pixels need 128 bytes, 96 are there',
    )
  })

  it('may have an extended offset table', async () => {
    const fragments = [Uint8Array.of(1, 1), Uint8Array.of(2, 2), Uint8Array.of(3, 3)]
    const bytes = writeEnhanced({ transferSyntax: JPEG, fragments, extendedOffsetTable: true })
    const { instances, file } = await open(bytes)
    const read = createPixelReader({ [JPEG]: ([k]) => new Uint8Array(32).fill(k) })
    for (const [k, instance] of instances.entries())
      expect((await read(instance, file))[0]).toBe(257 * (k + 1))
  })
})

describe('locateFrames', () => {
  const SOI = [0xff, 0xd8]
  /** Two frames in three fragments: the second begins in the third. */
  const fragments = [Uint8Array.of(...SOI, 1, 1), Uint8Array.of(2, 2), Uint8Array.of(...SOI, 3, 3)]
  const framesOf = async (parts: readonly Uint8Array[], table: readonly number[], frames: number) => {
    const file = memoryFile('a', encapsulate(parts, table))
    const located = await locateFrames(file, 12, frames)
    return Promise.all(located.map(async (frame) => [...(await readParts(file, frame))]))
  }
  const expected = [
    [...SOI, 1, 1, 2, 2],
    [...SOI, 3, 3],
  ]

  it('joins fragments by the offset table', async () => {
    expect(await framesOf(fragments, [0, 12 + 10], 2)).toEqual(expected)
  })

  it('joins them by how images begin where the table is empty', async () => {
    expect(await framesOf(fragments, [], 2)).toEqual(expected)
  })

  it('takes one fragment for one frame where there are as many, whatever they begin with', async () => {
    expect(await framesOf([Uint8Array.of(1, 2), Uint8Array.of(3, 4)], [], 2)).toEqual([
      [1, 2],
      [3, 4],
    ])
  })

  it('refuses what does not add up', async () => {
    await expect(framesOf(fragments, [0, 13], 2)).rejects.toThrow('between fragments')
    await expect(framesOf(fragments, [0], 2)).rejects.toThrow('3 fragments make 1 images, not 2 frames')
    await expect(framesOf(fragments, [], 4)).rejects.toThrow('3 fragments cannot hold 4 frames')
    await expect(framesOf([...fragments, Uint8Array.of(...SOI)], [], 2)).rejects.toThrow('make 3 images')
  })

  it('refuses a value cut anywhere', async () => {
    const value = encapsulate(fragments, [0, 22])
    // The delimiter without its length, always 0, is an end.
    for (let end = 12; end < value.length - 4; end++)
      await expect(locateFrames(memoryFile('a', value.subarray(0, end)), 12, 2), `${end}`).rejects.toThrow(
        'truncated',
      )
  })
})

describe('a deflated data set', () => {
  it('is read as if it were not', async () => {
    const { instance, file } = await open(
      writeDeflatedSlice({ position: [1, 2, 3], value: (y, x) => 10 * y + x }),
    )
    expect(instance).toMatchObject({ transferSyntaxUid: '1.2.840.10008.1.2.1.99', position: [1, 2, 3] })
    expect((await createPixelReader({})(instance, file))[7]).toBe(13)
  })

  it('is refused when it ends early, anywhere', async () => {
    const whole = writeDeflatedSlice({ value: (y, x) => 1000 * y + x })
    for (let end = 162; end < whole.length; end++)
      expect(await whySkipped(whole.subarray(0, end)), `${end}`).not.toBeNull()
  })

  it('is refused when it is a bomb', async () => {
    const bomb = writeDeflatedSlice({ privateBytes: 2 ** 26 })
    expect(bomb.length).toBeLessThan(300_000)
    expect(await whySkipped(bomb)).toBe('cannot be read: deflated data set of more than 64 MB')
  })
})
