import {
  analyze,
  createSeriesWriter,
  type Report,
  readStudy,
  scanSource,
  surveySource,
  synthesize,
  uidOf,
  type Volume,
} from '@neckfrac/core'
import { describe, expect, it } from 'vitest'
import { readDicomFile, writeDicomFile } from '../../core/src/deidentify/file.ts'
import { parseSeriesRules } from '../../core/src/series/rules-file.ts'
import { affine, transform, type Vec3 } from '../../core/src/volume/geometry.ts'
import { resample } from '../../core/src/volume/resample.ts'
import { memorySource } from '../../core/test/memory-source.ts'
import { DEFAULT_BUNDLE, openBundle } from './bundle.ts'
import { CODECS } from './codecs.ts'
import { changedChoices, describeChanges, describeScan, toInfo } from './commands/info.ts'

/** One visit to the scanner, as the archive sends it: every series of the study, in one folder. */
const neck = synthesize({ seed: 6, preset: 'drill' }).volume

const IDENTITY = {
  studyInstanceUid: '1.2.826.7',
  patientName: 'PHANTOM',
  patientId: 'P',
  date: '20260101',
  time: '000000',
  studyDescription: 'CT C-SPINE TRAUMA',
  manufacturer: 'NeckFrac',
  kvp: 120,
}
const TAG = { imageType: 0x00080008, sopClass: 0x00080016, sopInstance: 0x00080018, modality: 0x00080060, series: 0x0020000e } // biome-ignore format: one line
const PIXEL_DATA = 0x7fe00010
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1'

type Files = Record<string, Uint8Array>

/** The volume as a series of its own, its files changed by `texts` where given. */
function series(
  description: string,
  {
    kernel = 'STANDARD',
    volume = neck,
    texts = {} as Partial<Record<keyof typeof TAG, string>>,
    pixels = true,
  },
): Files {
  const writer = createSeriesWriter(volume, { ...IDENTITY, seriesDescription: description, kernel })
  return Object.fromEntries(
    Array.from({ length: volume.shape[0] }, (_, z) => {
      const own = { series: uidOf(description), sopInstance: uidOf(`${description}/${z}`), ...texts }
      const { encoding, elements } = readDicomFile(writer.writeSlice(z, z + 1))
      const changed = elements
        .filter(({ tag }) => pixels || tag !== PIXEL_DATA)
        .map((element) => {
          const name = (Object.keys(own) as (keyof typeof TAG)[]).find((n) => TAG[n] === element.tag)
          return name === undefined ? element : { ...element, value: bytes(own[name] ?? '') }
        })
      const meta = [{ tag: 0x00020010, vr: 'UI', value: bytes(EXPLICIT_LITTLE_ENDIAN) }]
      return [
        `${description}/${z}.dcm`,
        writeDicomFile({ encoding, elements: changed, transferSyntaxUid: '' }, meta),
      ]
    }),
  )
}

const bytes = (text: string) =>
  ({ kind: 'bytes', bytes: new TextEncoder().encode(text.length % 2 ? `${text}\0` : text) }) as const

/** The neck cut anew about its middle; steps from one column, row and slice to the next, LPS, mm. */
function cut(shape: Volume['shape'], x: Vec3, y: Vec3, z: Vec3): Volume {
  const half = (from: Volume['shape']) => [2, 1, 0].map((axis) => (from[axis] - 1) / 2)
  const middle = transform(neck.ijkToLps, half(neck.shape) as unknown as Vec3)
  const [i, j, k] = half(shape)
  const origin = [0, 1, 2].map((a) => middle[a] - i * x[a] - j * y[a] - k * z[a])
  const grid = { shape, ijkToLps: affine(x, y, z, origin as unknown as Vec3) }
  return { ...grid, data: resample(neck, grid) }
}
const axial = (shape: Volume['shape'], mm: number) => cut(shape, [mm, 0, 0], [0, mm, 0], [0, 0, -5])
const sagittal = (slices: number) => cut([slices, 128, 128], [0, 1.6, 0], [0, 0, -1.7], [2, 0, 0])
const coronal = (slices: number) => cut([slices, 128, 128], [1.6, 0, 0], [0, 0, -1.7], [0, 2, 0])
const REFORMATTED = { imageType: 'DERIVED\\SECONDARY\\REFORMATTED' }

const study: Files = {
  ...series('Scout', { volume: sagittal(2), texts: { imageType: 'ORIGINAL\\PRIMARY\\LOCALIZER' } }),
  ...series('C-SPINE SOFT', {}),
  ...series('C-SPINE BONE', { kernel: 'BONE' }),
  ...series('C-SPINE 5MM', { volume: axial([44, 160, 160], 1.3) }),
  ...series('SAG', { volume: sagittal(40), texts: REFORMATTED }),
  ...series('COR', { volume: coronal(40), texts: REFORMATTED }),
  ...series('Screen Save', {
    volume: axial([1, 64, 64], 3),
    texts: { sopClass: '1.2.840.10008.5.1.4.1.1.7' },
  }),
  ...series('Dose Report', {
    volume: axial([1, 64, 64], 3),
    texts: { sopClass: '1.2.840.10008.5.1.4.1.1.88.67', modality: 'SR' },
    pixels: false,
  }),
}

const scan = (rules?: string) =>
  surveySource(memorySource(study), { codecs: CODECS, rules: rules ? parseSeriesRules(rules) : undefined })

describe('a study as a hospital sends it', () => {
  it('is read from its thin bone series, and every other series is told why not', async () => {
    const found = await scan()
    const [{ series, skipped }] = toInfo('PATH', found).studies
    expect(Object.fromEntries(series.map((s) => [s.description, s.reason]))).toEqual({
      Scout: 'localizer, not slices (ImageType)',
      'C-SPINE BONE': 'best of 5: bone kernel',
      'C-SPINE SOFT': 'another series is preferred: bone kernel',
      'C-SPINE 5MM': 'another series is preferred: slices of 3 mm or thinner',
      SAG: 'another series is preferred: better plane (axial, oblique, sagittal, coronal)',
      COR: 'another series is preferred: better plane (axial, oblique, sagittal, coronal)',
      'Screen Save': 'secondary capture (SOP class)',
    })
    expect(series.filter(({ chosen }) => chosen).map(({ description }) => description)).toEqual([
      'C-SPINE BONE',
    ])
    const reasons = [...skipped, ...found.skipped].map(({ reason }) => reason)
    expect(new Set(reasons)).toEqual(new Set(['no pixel data (modality SR)']))
    expect(describeScan('PATH', found)).toContain('1 study would be read.')
  })

  it('is read from another one where the site says so, and the dry run tells the difference', async () => {
    const rules = { prefer: ['thin-enough', { field: 'seriesDescription', matches: 'SOFT', words: 'ours' }] }
    const changes = describeChanges(changedChoices(await scan(), await scan(JSON.stringify(rules))))
    expect(changes).toContain(`"C-SPINE SOFT" (${neck.shape[0]} images) instead of "C-SPINE BONE"`)
  })

  it('gets the report of that series alone', async () => {
    const detector = await openBundle(DEFAULT_BUNDLE, 1)
    try {
      const answer = async (files: Files): Promise<Report> => {
        const { studies } = await scanSource(memorySource(files))
        const run = analyze('x', () => readStudy(studies[0]), detector, { clock: () => 0, figures: false })
        for (;;) {
          const next = await run.next()
          if (next.done) return next.value
        }
      }
      const bone = Object.fromEntries(
        Object.entries(study).filter(([path]) => path.startsWith('C-SPINE BONE')),
      )
      const [whole, alone] = [await answer(study), await answer(bone)]
      expect(whole.vertebrae.length).toBeGreaterThan(4)
      expect(whole.vertebrae).toEqual(alone.vertebrae)
    } finally {
      await detector.dispose()
    }
  })
})
