/// <reference path="../../core/src/dicom/dcmjs.d.ts" />
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { affine, type Report, resample, spacingMm, synthesize, type Vec3, type Volume } from '@neckfrac/core'
import dcmjs from 'dcmjs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '../test/run-cli.ts'
import type { toInfo } from './commands/info.ts'

/** One study as a hospital sends it, all of one patient: what is read of it, what is not, and why. */
const STUDY = '1.2.826.2'
const SOP_CLASSES = {
  ct: '1.2.840.10008.5.1.4.1.1.2',
  secondaryCapture: '1.2.840.10008.5.1.4.1.1.7',
  doseReport: '1.2.840.10008.5.1.4.1.1.88.67',
}

let root = ''
let study = ''
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'neckfrac-hospital-'))
  study = join(root, 'study')
  const bone = synthesize({ seed: 6, preset: 'drill' }).volume
  const [x, y, z] = spacingMm(bone.ijkToLps)
  const soft = regrid(regrid(bone, [x * 2, 0, 0], [0, y * 2, 0], [0, 0, z]), [x, 0, 0], [0, y, 0], [0, 0, z])

  const scout = regrid(bone, [0, 2, 0], [0, 0, -2], [400, 0, 0])
  const localizer = ['ORIGINAL', 'PRIMARY', 'LOCALIZER']
  writeSeries(1, scout, { SeriesDescription: 'Scout', ImageType: localizer })
  writeSeries(2, soft, { SeriesDescription: 'C-Spine 2.5', ConvolutionKernel: 'STANDARD' })
  writeSeries(3, bone, { SeriesDescription: 'C-Spine 2.5', ConvolutionKernel: 'BONEPLUS' })
  const thick = regrid(soft, [x, 0, 0], [0, y, 0], [0, 0, 5])
  writeSeries(4, thick, { SeriesDescription: 'C-Spine 5.0', ConvolutionKernel: 'STANDARD' })
  // Many archives call reformats secondary, though they are CT images.
  const reformat = { ImageType: ['DERIVED', 'SECONDARY', 'REFORMATTED'], ConvolutionKernel: 'BONEPLUS' }
  const sagittal = regrid(bone, [0, y, 0], [0, 0, -x], [2, 0, 0])
  writeSeries(5, sagittal, { ...reformat, SeriesDescription: 'Sagittal' })
  const coronal = regrid(bone, [x, 0, 0], [0, 0, -y], [0, 2, 0])
  writeSeries(6, coronal, { ...reformat, SeriesDescription: 'Coronal' })
  writeObject('7/screen-save.dcm', {
    SOPClassUID: SOP_CLASSES.secondaryCapture,
    SeriesInstanceUID: `${STUDY}.7`,
    Modality: 'CT',
    ImageType: ['DERIVED', 'SECONDARY', 'SCREEN SAVE'],
    SeriesDescription: 'Screen Save',
    ConversionType: 'WSD',
    ...pixelsOf(new Uint8Array(3 * 64 * 64), 64, 64, { samples: 3, bits: 8 }),
  })
  writeObject('8/dose-report.dcm', {
    SOPClassUID: SOP_CLASSES.doseReport,
    SeriesInstanceUID: `${STUDY}.8`,
    Modality: 'SR',
    SeriesDescription: 'Dose Report',
    ValueType: 'CONTAINER',
    ContinuityOfContent: 'SEPARATE',
    ConceptNameCodeSequence: {
      CodeValue: '113701',
      CodingSchemeDesignator: 'DCM',
      CodeMeaning: 'X-Ray Radiation Dose Report',
    },
  })
})
afterAll(() => rmSync(root, { recursive: true }))

/** The box of a volume in slices of other directions, LPS in mm; outside the volume is air. */
function regrid(volume: Volume, x: Vec3, y: Vec3, z: Vec3): Volume {
  const steps = [x, y, z]
  const { shape, ijkToLps: m } = volume
  const mm = spacingMm(m)
  const sizeMm = [0, 1, 2].map((axis) => shape[2 - axis] * mm[axis])
  const middle = [0, 1, 2].map((a) => m[4 * a + 3] + (m[5 * a] * (shape[2 - a] - 1)) / 2)
  const counts = steps.map((step) => {
    const axis = step.findIndex((component) => component !== 0)
    return Math.max(1, Math.floor(sizeMm[axis] / Math.abs(step[axis])))
  })
  const start = [0, 1, 2].map((a) =>
    steps.reduce((at, step, n) => at - (step[a] * (counts[n] - 1)) / 2, middle[a]),
  )
  const grid = {
    shape: [counts[2], counts[1], counts[0]] as const,
    ijkToLps: affine(x, y, z, [start[0], start[1], start[2]]),
  }
  return { ...grid, data: resample(volume, grid) }
}

function writeSeries(number: number, { data, shape, ijkToLps: m }: Volume, attributes: object): void {
  const [columnMm, rowMm, sliceMm] = spacingMm(m)
  const plane = shape[1] * shape[2]
  for (let z = 0; z < shape[0]; z++)
    writeObject(`${number}/${z + 1}.dcm`, {
      SOPClassUID: SOP_CLASSES.ct,
      SeriesInstanceUID: `${STUDY}.${number}`,
      SeriesNumber: number,
      InstanceNumber: z + 1,
      Modality: 'CT',
      ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
      FrameOfReferenceUID: `${STUDY}.0`,
      SliceThickness: sliceMm.toFixed(3),
      PixelSpacing: [rowMm, columnMm].map((mm) => mm.toFixed(6)),
      ImageOrientationPatient: [0, 4, 8]
        .map((n) => m[n] / columnMm)
        .concat([1, 5, 9].map((n) => m[n] / rowMm)),
      ImagePositionPatient: [0, 4, 8].map((n) => (m[n + 3] + z * m[n + 2]).toFixed(4)),
      RescaleSlope: '1',
      RescaleIntercept: '0',
      ...attributes,
      ...pixelsOf(data.slice(z * plane, (z + 1) * plane), shape[1], shape[2], { samples: 1, bits: 16 }),
    })
}

const pixelsOf = (
  pixels: Int16Array | Uint8Array,
  rows: number,
  columns: number,
  { samples, bits }: { samples: 1 | 3; bits: 8 | 16 },
) => ({
  SamplesPerPixel: samples,
  PhotometricInterpretation: samples === 1 ? 'MONOCHROME2' : 'RGB',
  ...(samples === 3 && { PlanarConfiguration: 0 }),
  Rows: rows,
  Columns: columns,
  BitsAllocated: bits,
  BitsStored: bits,
  HighBit: bits - 1,
  PixelRepresentation: bits === 16 ? 1 : 0,
  PixelData: pixels.buffer,
  _vrMap: { PixelData: bits === 16 ? 'OW' : 'OB' },
})

function writeObject(path: string, attributes: object): void {
  const dict = dcmjs.data.datasetToDict({
    _meta: {},
    PatientName: 'PHANTOM',
    PatientID: 'P',
    StudyDate: '20260101',
    StudyInstanceUID: STUDY,
    StudyDescription: 'Trauma C-Spine',
    SOPInstanceUID: `${STUDY}.${path.replace(/\D+/g, '.')}1`,
    ...attributes,
  })
  mkdirSync(dirname(join(study, path)), { recursive: true })
  writeFileSync(join(study, path), new Uint8Array(dict.write()))
}

const REASONS = {
  Scout: 'localizer, not slices (ImageType)',
  'C-Spine 2.5 STANDARD': 'another series is preferred: bone kernel',
  'C-Spine 2.5 BONEPLUS': 'best of 5: bone kernel',
  'C-Spine 5.0 STANDARD': 'another series is preferred: slices of 3 mm or thinner',
  'Sagittal BONEPLUS': 'another series is preferred: axial, not sagittal',
  'Coronal BONEPLUS': 'another series is preferred: axial, not coronal',
}
const SKIPPED = [
  { path: '7/screen-save.dcm', reason: 'secondary capture (SOP class)' },
  { path: '8/dose-report.dcm', reason: 'no pixel data (modality SR)' },
]
const reasonsOf = ({ series }: Pick<Report, 'series'>) =>
  Object.fromEntries(
    series.map(({ description, kernel, reason }) => [`${description} ${kernel}`.trim(), reason]),
  )
const byPath = ({ skipped }: Pick<Report, 'skipped'>) =>
  skipped.toSorted((a, b) => (a.path < b.path ? -1 : 1))

it('info says of each series and each file why it is read or not', async () => {
  const { code, printed } = await run('info', study, '--json')
  expect(code).toBe(0)
  const { studies }: ReturnType<typeof toInfo> = JSON.parse(printed)
  expect(studies.map(({ studyInstanceUid, readable }) => [studyInstanceUid, readable])).toEqual([
    [STUDY, true],
  ])
  expect(reasonsOf(studies[0])).toEqual(REASONS)
  expect(byPath(studies[0])).toEqual(SKIPPED)
})

it("info shows what a site's own rules would change", async () => {
  const rules = join(root, 'site.json')
  const soft = { field: 'kernel', matches: '^STANDARD$', words: 'the kernel of this site' }
  writeFileSync(rules, JSON.stringify({ prefer: ['thin-enough', 'plane', soft, 'thinner'] }))
  const { code, printed } = await run('info', study, '--json', '--series-rules', rules)
  expect(code).toBe(0)
  const { studies, changes } = JSON.parse(printed)
  expect(reasonsOf(studies[0])).toEqual({
    ...REASONS,
    'C-Spine 2.5 STANDARD': 'best of 5: the kernel of this site',
    'C-Spine 2.5 BONEPLUS': 'another series is preferred: the kernel of this site',
  })
  expect(changes).toMatchObject([
    {
      studyInstanceUid: STUDY,
      byDefault: { seriesInstanceUid: `${STUDY}.3` },
      bySite: { seriesInstanceUid: `${STUDY}.2` },
    },
  ])
  const { printed: text } = await run('info', study, '--series-rules', rules)
  expect(text).toContain(
    'CT, C-Spine 2.5, kernel STANDARD (92 images) instead of CT, C-Spine 2.5, kernel BONEPLUS (92 images)',
  )
})

it('predict reads that series, and its report tells of the others', async () => {
  const out = join(root, 'reports')
  const { code, printed } = await run('predict', study, '--out', out, '--format', 'json', '--threads', '1')
  expect(code, printed).toBe(0)
  const report: Report = JSON.parse(readFileSync(join(out, STUDY, 'report.json'), 'utf8'))
  expect(report).toMatchObject({ status: 'analysed', seriesInstanceUid: `${STUDY}.3` })
  expect(reasonsOf(report)).toEqual(REASONS)
  expect(byPath(report)).toEqual(SKIPPED)
  expect(report.vertebrae.map(({ inView }) => inView)).toEqual(new Array(7).fill('whole'))
  const { skippedFiles } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))
  expect(byPath({ skipped: skippedFiles })).toEqual(SKIPPED.map((file) => ({ source: study, ...file })))
  // The phantom's own series, nothing repaired: its slices of 2.5 mm are all that is to be said.
  expect(report.findings.map(({ code }) => code)).toEqual(['slices-thick'])
})
