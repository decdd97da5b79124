import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  analyze,
  createSeriesWriter,
  type Detector,
  type Report,
  readStudy,
  type Source,
  scanSource,
  synthesize,
} from '@neckfrac/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { transform } from '../../core/src/volume/geometry.ts'
import { memorySource } from '../../core/test/memory-source.ts'
import { DEFAULT_BUNDLE, openBundle } from './bundle.ts'
import { CODECS } from './codecs.ts'
import { openSource } from './sources.ts'

const CHEST = fileURLToPath(new URL('../../../../shared/data/ct-lidc-idri-0314-top70', import.meta.url))

let detector: Detector
beforeAll(async () => {
  detector = await openBundle(DEFAULT_BUNDLE, 1)
})
afterAll(() => detector?.dispose())

async function reportOf(source: Source): Promise<Report> {
  const { studies } = await scanSource(source, { codecs: CODECS })
  const study = () => readStudy(studies[0], { codecs: CODECS })
  const run = analyze('x', study, detector, { clock: () => 0, figures: false })
  for (;;) {
    const next = await run.next()
    if (next.done) return next.value
  }
}

/** 105 mm of the head and 77 mm of the chest are in view, slices of 2.8 mm. */
const { volume, labels } = synthesize({ seed: 18, preset: 'planning' })

/** Slices of the patient from one height to another, mm from the middle of a vertebra, up. */
function part(label: number, from: number, to: number): Source {
  const [nz, ny, nx] = volume.shape
  const heights = Array.from({ length: nz }, (_, z) => transform(volume.ijkToLps, [0, 0, z])[2])
  const own = heights.filter((_, z) => labels.data.subarray(z * ny * nx, (z + 1) * ny * nx).includes(label))
  const middle = (Math.min(...own) + Math.max(...own)) / 2
  const kept = heights.flatMap((h, z) => (h > middle + from && h < middle + to ? [z] : []))
  const writer = createSeriesWriter(volume, IDENTITY)
  return memorySource(Object.fromEntries(kept.map((z) => [`${z}.dcm`, writer.writeSlice(z, z + 1)])))
}
const IDENTITY = {
  studyInstanceUid: '1.2.826.8',
  patientName: 'PHANTOM',
  patientId: 'P',
  date: '20260101',
  time: '000000',
  studyDescription: '',
  seriesDescription: 'NECK',
  manufacturer: 'NeckFrac',
  kernel: 'bone',
  kvp: 120,
}
const blockingOf = ({ findings }: Report) =>
  findings
    .filter(({ severity }) => severity === 'blocking')
    .map(({ message }) => message)
    .join(' ')

describe('a study of something else is refused as such', () => {
  it('a head', async () => {
    const report = await reportOf(part(2, -10, 1000))
    expect(report.status).toBe('not-analysable')
    expect(blockingOf(report)).toContain('study of the head')
  })
  it('a chest', async () => {
    const report = await reportOf(part(8, -1000, 10))
    expect(report.status).toBe('not-analysable')
    expect(blockingOf(report)).toContain('study of the chest, abdomen or lumbar spine')
  })
  it.skipIf(!existsSync(CHEST))('a real chest', async () => {
    const report = await reportOf(await openSource(CHEST))
    expect(report.status).toBe('not-analysable')
    expect(blockingOf(report)).toContain('study of the chest, abdomen or lumbar spine')
  })
  it('a neck of which four vertebrae are in view', async () => {
    const report = await reportOf(part(4, -75, 2))
    expect(report.status).toBe('not-analysable')
    expect(blockingOf(report)).toContain('only C4, C5, C6, C7 could be labelled, 5 consecutive ones')
    expect(blockingOf(report)).toContain('too short a part of the neck')
    expect(report.vertebrae.map(({ inView }) => inView)).toEqual([
      'no',
      'no',
      'no',
      'partly',
      'whole',
      'whole',
      'whole',
    ])
  })
})
