import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSeriesWriter, type LabelVolume, type Report, type Volume } from '@neckfrac/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { synthesizePlan } from '../../core/src/phantom/synthesize.ts'
import { run } from '../test/run-cli.ts'

/** One phantom from the crown to the lungs, scanned only in part: what is refused, and what a refusal says. */

/** The top of a real chest CT beside the repository. */
const CHEST = fileURLToPath(new URL('../../../../shared/data/ct-lidc-idri-0314-top70', import.meta.url))
const T1 = 8

let root = ''
let volume: Volume
let labels: LabelVolume
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'neckfrac-regions-'))
  const around = { level: 'C4', lengthMm: 420 } as const
  ;({ volume, labels } = synthesizePlan({ seed: 6, preset: 'drill', plan: [], around }))
})
afterAll(() => rmSync(root, { recursive: true }))

/** Slices that hold these levels, the lowest and the highest z. */
function slicesOf(from: number, to: number): readonly [low: number, high: number] {
  const plane = labels.shape[1] * labels.shape[2]
  const isIn = (label: number) => label >= from && label <= to
  const first = labels.data.findIndex(isIn)
  const last = labels.data.findLastIndex(isIn)
  return [Math.floor(first / plane), Math.floor(last / plane)]
}

let studies = 0
/** Writes the slices `first` to `last` as a DICOM study; its folder. */
function writeStudy([first, last]: readonly [number, number], scan = volume): string {
  const { shape, ijkToLps: m } = scan
  const plane = shape[1] * shape[2]
  const part: Volume = {
    data: scan.data.slice(first * plane, (last + 1) * plane),
    shape: [last + 1 - first, shape[1], shape[2]],
    ijkToLps: m.with(11, m[11] + first * m[10]),
  }
  const writer = createSeriesWriter(part, {
    studyInstanceUid: `1.2.${++studies}`,
    patientName: 'PHANTOM',
    patientId: 'P',
    date: '20260101',
    time: '000000',
    studyDescription: '',
    seriesDescription: '',
    manufacturer: 'NeckFrac',
    kernel: 'bone',
    kvp: 120,
  })
  const folder = join(root, `${studies}`)
  mkdirSync(folder)
  for (let z = 0; z < part.shape[0]; z++) writeFileSync(join(folder, `${z}.dcm`), writer.writeSlice(z, z + 1))
  return folder
}

async function predict(path: string) {
  const out = mkdtempSync(join(root, 'out-'))
  const { code, printed } = await run('predict', path, '--out', out, '--threads', '1')
  const { outcomes } = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))
  const [json, html]: string[] = outcomes[0].files
  return {
    code,
    printed,
    report: JSON.parse(readFileSync(join(out, json), 'utf8')) as Report,
    page: readFileSync(join(out, html), 'utf8'),
    csv: readFileSync(join(out, 'predictions.csv'), 'utf8'),
  }
}

function expectRefusal(
  { code, printed, report, page, csv }: Awaited<ReturnType<typeof predict>>,
  why: string,
) {
  expect(code, printed).toBe(1)
  expect(report.status).toBe('not-analysable')
  expect(report.patient).toMatchObject({ probability: null, call: 'not-assessable' })
  expect(report.vertebrae.every(({ probability }) => probability === null)).toBe(true)
  const blocking = report.findings.filter(({ severity }) => severity === 'blocking')
  expect(blocking.map(({ code }) => code)).toEqual(['no-cervical-spine'])
  expect(blocking[0].message).toContain(why)
  for (const text of [printed, page]) expect(text).toContain(blocking[0].message)
  expect(csv.trim().split('\n')).toHaveLength(1)
}

describe('a study of another part of the body is refused as such', () => {
  // The phantom's z runs from the feet to the head.
  const top = () => volume.shape[0] - 1
  it.each<[string, () => readonly [number, number], string]>([
    [
      'the head above C1',
      () => [slicesOf(1, 9)[1] + 1, top()],
      'study of the head or of another part of the body',
    ],
    [
      'the head down to C2',
      () => [slicesOf(1, 2)[0], top()],
      'It looks like a study of the head: the scan reaches ',
    ],
    [
      'the chest below T1',
      () => [0, slicesOf(1, T1)[0] - 1],
      'It looks like a study of the chest, abdomen or lumbar spine: ',
    ],
    [
      'the chest and C7',
      () => [0, slicesOf(1, 6)[0] - 1],
      'It looks like a study of the chest, abdomen or lumbar spine: ',
    ],
    [
      'the neck down to the upper quarter of C5',
      () => [slicesOf(5, 5)[0] + 5, top()],
      'only C1, C2, C3, C4 could be labelled (of C5 too small a part: less than ',
    ],
    [
      'the neck from the middle of C4 to T1',
      () => [slicesOf(T1, T1)[0], slicesOf(4, 4)[1] - 4],
      'too short a part of the neck',
    ],
  ])('%s', async (_, range, why) => {
    expect(volume.ijkToLps[10]).toBeGreaterThan(0)
    expectRefusal(await predict(writeStudy(range())), why)
  })
  it('a spine of lumbar size between soft tissue, no lung beside it', async () => {
    const larger = volume.ijkToLps.map((v, n) => (n < 12 ? 1.5 * v : v))
    const solid = volume.data.map((hu) => (hu < -300 && hu > -990 ? 40 : hu))
    const abdomen = { ...volume, data: solid, ijkToLps: larger }
    const { code, report } = await predict(writeStudy([0, slicesOf(1, T1 + 1)[0] - 1], abdomen))
    expect(code).toBe(1)
    expect(report.status).toBe('not-analysable')
    // Its voxels are too large as well.
    const region = report.findings.find((f) => f.code === 'no-cervical-spine')
    expect(region?.message).toContain('It looks like a study of the chest, abdomen or lumbar spine: ')
  })
  it.skipIf(!existsSync(CHEST))('a real chest', async () => {
    expectRefusal(await predict(CHEST), 'It looks like a study of the chest, abdomen or lumbar spine: ')
  })
})

it('five vertebrae are judged, and that the lowest is partly in view is said', async () => {
  const { code, report, page } = await predict(writeStudy([slicesOf(5, 5)[0] + 4, volume.shape[0] - 1]))
  expect(code).toBe(0)
  const inView = report.vertebrae.map((v) => v.inView)
  expect(inView).toEqual(['whole', 'whole', 'whole', 'whole', 'partly', 'no', 'no'])
  expect(report.vertebrae.map(({ probability }) => probability !== null)).toEqual(
    inView.map((v) => v !== 'no'),
  )
  expect(report.findings.map(({ code }) => code)).toEqual([
    'slices-thick',
    'levels-not-in-view',
    'levels-cut-off',
  ])
  expect(page).toContain('only partly in view')
})
