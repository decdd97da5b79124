import { describe, expect, it } from 'vitest'
import { type SliceOptions, writeSlice } from '../test/dicom-bytes.ts'
import { memoryFile, memorySource } from '../test/memory-source.ts'
import { isNeckFracError } from './errors.ts'
import { writeNifti } from './nifti/write.ts'
import { readStudy } from './read.ts'
import { scanSource, surveySource } from './scan.ts'

function series(prefix: string, count: number, options: SliceOptions = {}): Record<string, Uint8Array> {
  const slice = (k: number) =>
    writeSlice({ position: [0, 0, 4 * k], value: () => k, sop: `1.2.3.${k}`, ...options })
  return Object.fromEntries(Array.from({ length: count }, (_, k) => [`${prefix}${k}`, slice(k)]))
}

const text = (content: string) => new TextEncoder().encode(content)

describe('scanSource', () => {
  it('reads the one series that fits out of a mixed folder, and tells the whole story', async () => {
    const source = memorySource({
      ...series('neck/IM', 30),
      ...series('abdomen/IM', 17, { study: '1.9', series: '1.9.1', description: 'ABDOMEN' }),
      'notes.txt': text('no image'),
    })
    const { studies, refused, skipped } = await scanSource(source)
    expect(studies.map(({ studyInstanceUid }) => studyInstanceUid)).toEqual(['1.2.1'])
    expect(refused.map(({ studyInstanceUid }) => studyInstanceUid)).toEqual(['1.9'])
    expect(skipped).toEqual([{ path: 'notes.txt', reason: 'not a DICOM file' }])
    const study = await readStudy(studies[0])
    expect(study.volume.shape).toEqual([30, 4, 4])
    expect(study.volume.data[16 * 7]).toBe(7)
    expect(study.slices[7]).toEqual({ sopInstanceUid: '1.2.3.7', path: 'neck/IM7' })
    expect(study.series.map(({ reason }) => reason)).toEqual([
      'the only CT that fits',
      'only 17 slices, 20 needed',
    ])
    expect(study.skipped).toEqual(skipped)
  })

  it('makes a study of each StudyInstanceUID and of each NIfTI file', async () => {
    const ct = writeNifti({
      data: new Uint8Array(64),
      shape: [4, 4, 4],
      ijkToLps: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    })
    new DataView(ct.buffer).setFloat32(112, 4, true)
    new DataView(ct.buffer).setFloat32(116, -1000, true)
    const labels = ct.slice()
    new DataView(labels.buffer).setFloat32(116, 0, true)
    const source = memorySource({
      ...series('a/', 20),
      ...series('b/', 20, { study: '1.2.5', series: '1.2.6' }),
      'one/ct.nii': ct,
      'two/ct.nii': ct,
      'three.nii': ct,
      'mask.nii': labels,
    })
    const { studies, skipped } = await scanSource(source)
    expect(studies.map((s) => s.studyInstanceUid)).toEqual(['1.2.1', '1.2.5', 'one-ct', 'two-ct', 'three'])
    expect(skipped[0].path).toBe('mask.nii')
    expect(skipped[0].reason).toMatch(/^no CT in Hounsfield units: .* label map$/)
    const study = await readStudy(studies[4])
    expect(study).toMatchObject({ seriesInstanceUid: 'three', slices: [] })
    expect(study.volume.data[0]).toBe(-1000)
    expect(study.series.filter(({ chosen }) => chosen)).toHaveLength(1)
  })

  it.each([
    ['sagittal, 90', [0, 1, 0, 0, 0, -1], [1, 0, 0]],
    ['coronal, 90', [1, 0, 0, 0, 0, -1], [0, 1, 0]],
    ['oblique, 45', [1, 0, 0, 0, Math.SQRT1_2, Math.SQRT1_2], [0, -1, 1]],
  ])('says of a series that is not axial how it lies: %s degrees', async (words, orientation, step) => {
    const slices = Array.from({ length: 60 }, (_, k) => {
      const position = step.map((mm) => k * mm)
      return [`${k}`, writeSlice({ orientation, position, sop: `1.2.3.${k}`, rows: 80, columns: 2 })] as const
    })
    const { studies } = await scanSource(memorySource(Object.fromEntries(slices)))
    const { plane, findings } = await readStudy(studies[0])
    expect(`${plane}, `).toBe(words.replace(/\d+$/, ''))
    expect(findings.find(({ code }) => code === 'not-axial')?.message).toContain(
      `The series read is ${words} degrees from axial`,
    )
  })

  it('names the patient of the series that it reads, where one UID is given to two', async () => {
    const source = memorySource({
      ...series('a', 5, { patientId: 'P1' }),
      ...series('b', 30, { patientId: 'P2' }),
    })
    const [{ patientId, series: found }] = (await scanSource(source)).studies
    expect(patientId).toBe('P2')
    expect(found.map(({ sliceCount, chosen }) => [sliceCount, chosen])).toEqual([
      [5, false],
      [30, true],
    ])
  })

  it('reads each image from its own file where two have one path, as entries of an archive may', async () => {
    const slices = Array.from({ length: 20 }, (_, k) =>
      writeSlice({ position: [0, 0, 4 * k], value: () => k, sop: `1.2.3.${k}` }),
    )
    const files = async () => slices.map((bytes) => memoryFile('a.dcm', bytes))
    const { studies } = await scanSource({ name: 'archive', files })
    const { volume } = await readStudy(studies[0])
    expect(Array.from({ length: 20 }, (_, k) => volume.data[16 * k])).toEqual([...slices.keys()])
  })

  it('skips images that no codec decodes, with the name of the syntax', async () => {
    const compressed = { transferSyntax: '1.2.840.10008.1.2.5', fragments: [new Uint8Array(4)] }
    const files = { ...series('a', 25), ...series('a', 1, compressed) }
    const { studies } = await scanSource(memorySource(files))
    const study = await readStudy(studies[0])
    expect(study.volume.shape[0]).toBe(24)
    expect(study.skipped[0].reason).toContain('RLE lossless')
    await expect(scanSource(memorySource(series('a', 25, compressed)), { codecs: {} })).rejects.toThrow(
      'RLE lossless',
    )
  })

  it.each([
    ['an empty source', {}, 'holds no files'],
    ['files that are no images', { 'a.txt': text('x'.repeat(300)) }, 'a.txt: not a DICOM file'],
    ['a series too short', series('a', 3), '(3 images): only 3 slices'],
  ])('refuses %s and says why', async (_, files, words) => {
    const error = await scanSource(memorySource(files)).catch((e: unknown) => e)
    expect(isNeckFracError(error) && error.tag).toBe('input')
    expect(String(error)).toContain(words)
    expect((await surveySource(memorySource(files))).studies).toEqual([])
  })

  it('reports progress by file', async () => {
    const seen: number[] = []
    await scanSource(memorySource(series('a', 20)), { onProgress: ({ done }) => seen.push(done) })
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })
})
