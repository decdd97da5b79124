import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createSeriesWriter,
  encodeNpy,
  LEVELS,
  type PhantomStudy,
  type PreparedIndex,
  phantomUid,
  preparedIndex,
  preparePhantom,
  SCHEMATIC,
  writeNifti,
} from '@neckfrac/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeBeads } from '../../../core/test/beads.ts'
import { DEFAULT_BUNDLE } from '../bundle.ts'
import { writePhantomSet } from './phantom-set.ts'
import { type PrepareSource, prepareSet } from './prepared-set.ts'
import { listTemplates } from './templates.ts'

const PRESET = 'small'
const SEED = 7
const STUDIES = 2
const phantoms: PrepareSource = { kind: 'phantoms', studies: STUDIES, seed: SEED, preset: PRESET }

let root = ''
const at = (...names: string[]) => join(root, ...names)
const indexOf = async (set: string): Promise<PreparedIndex> =>
  preparedIndex.parse(JSON.parse(await readFile(at(set, 'index.json'), 'utf8')))

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'neckfrac-prepare-'))
  await writePhantomSet({ out: at('rsna'), studies: STUDIES, seed: SEED, preset: PRESET, workers: 2 })
  await prepareSet({ kind: 'rsna', folder: at('rsna') }, { out: at('files'), folds: 5, workers: 1 })
  await prepareSet(phantoms, { out: at('memory'), folds: 5, workers: 1 })
}, 600_000)
afterAll(() => rm(root, { recursive: true, force: true }))

/** Share of the bytes of two prepared arrays that differ by more than a rounding error. */
async function differing(a: string, b: string): Promise<number> {
  const [x, y] = await Promise.all([readFile(a), readFile(b)])
  expect(x.length).toBe(y.length)
  let count = 0
  for (let n = 0; n < x.length; n++) if (Math.abs(x[n] - y[n]) > 2) count++
  return count / x.length
}

test('files in RSNA layout, read again, prepare to what the phantom itself prepares to', async () => {
  const [files, memory] = await Promise.all(['files', 'memory'].map(indexOf))
  expect(files.studies.map((s) => s.uid)).toEqual(memory.studies.map((s) => s.uid))
  expect(files.studies.length).toBe(STUDIES)
  // A bundle trained on them must say "synthetic" whichever way they came.
  for (const { studies } of [files, memory]) for (const s of studies) expect(s.origin).toBe('phantom')
  for (const { uid } of files.studies)
    for (const name of ['segment-image.npy', 'segment-label.npy'])
      expect(await differing(at('files', uid, name), at('memory', uid, name))).toBeLessThan(0.005)
})

test('so do the crops, and boxes become heat', async () => {
  const beads = makeBeads({ fractured: 'C5' })
  const uid = '1.2.3'
  await writeBeads(at('beads'), uid, beads)
  const { prepared, failed } = await prepareSet(
    { kind: 'rsna', folder: at('beads') },
    { out: at('beads-prepared'), folds: 5, workers: 1 },
  )
  expect(failed).toEqual([])
  const crops = preparePhantom(beads).prepared.crops
  expect(prepared[0]).toMatchObject({
    fractured: { C4: 0, C5: 1 },
    patientOverall: 1,
    crops: { levels: crops?.levels, placesKnown: crops?.placesKnown },
  })
  for (const name of ['image', 'mask', 'heat'] as const) {
    const expected = at(`${name}.npy`)
    await writeFile(expected, encodeNpy(crops?.[name] ?? { data: new Uint8Array(0), shape: [0] }))
    expect(await differing(at('beads-prepared', uid, `crop-${name}.npy`), expected)).toBeLessThan(0.01)
  }
})

/** One study in RSNA's layout; file 1 is the highest slice. */
async function writeBeads(
  folder: string,
  uid: string,
  { volume, labels, truth }: PhantomStudy,
): Promise<void> {
  const images = join(folder, 'train_images', uid)
  await mkdir(images, { recursive: true })
  await mkdir(join(folder, 'segmentations'))
  const series = createSeriesWriter(volume, {
    studyInstanceUid: uid,
    patientName: 'SYNTHETIC^BEADS',
    patientId: 'SYNTHETIC',
    date: '20260101',
    time: '120000',
    studyDescription: 'SYNTHETIC',
    seriesDescription: 'SYNTHETIC beads',
    manufacturer: 'NeckFrac phantom',
    kernel: 'BONE',
    kvp: 120,
  })
  for (let z = 0; z < volume.shape[0]; z++)
    await writeFile(join(images, `${z + 1}.dcm`), series.writeSlice(z, z + 1))
  await writeFile(join(folder, 'segmentations', `${uid}.nii`), writeNifti(labels))
  const flags = LEVELS.map((l) => (truth.fractured[l] ? 1 : 0))
  await writeFile(
    join(folder, 'train.csv'),
    `StudyInstanceUID,patient_overall,${LEVELS}\n${uid},1,${flags}\n`,
  )
  const boxes = truth.fractures[0].boxes.map((b) => [uid, b.x, b.y, b.width, b.height, b.sliceIndex + 1])
  await writeFile(
    join(folder, 'train_bounding_boxes.csv'),
    `StudyInstanceUID,x,y,width,height,slice_number\n${boxes.join('\n')}\n`,
  )
}

test('the tables name every study and every box lies on a file', async () => {
  const [header, ...rows] = (await readFile(at('rsna', 'train.csv'), 'utf8')).trim().split('\n')
  expect(header).toBe('StudyInstanceUID,patient_overall,C1,C2,C3,C4,C5,C6,C7')
  expect(rows.map((r) => r.split(',')[0])).toEqual([SEED, SEED + 1].map((s) => phantomUid(PRESET, s)))
  const boxes = (await readFile(at('rsna', 'train_bounding_boxes.csv'), 'utf8')).trim().split('\n').slice(1)
  for (const box of boxes) {
    const [uid, , , width, height, slice] = box.split(',')
    expect((await stat(at('rsna', 'train_images', uid, `${slice}.dcm`))).size).toBeGreaterThan(0)
    expect(Math.min(Number(width), Number(height))).toBeGreaterThan(0)
  }
})

test('the same seed gives the same bytes whatever the number of workers', async () => {
  await writePhantomSet({ out: at('again'), studies: 1, seed: SEED + 1, preset: PRESET, workers: 1 })
  const uid = phantomUid(PRESET, SEED + 1)
  for (const name of await readdir(at('again', 'train_images', uid))) {
    const [a, b] = await Promise.all(['rsna', 'again'].map((s) => readFile(at(s, 'train_images', uid, name))))
    expect(a.equals(b)).toBe(true)
  }
}, 60_000)

test('a rerun makes only what is missing', async () => {
  const [first, second] = (await indexOf('memory')).studies
  const before = await stat(at('memory', first.uid))
  await rm(at('memory', second.uid), { recursive: true })
  const { failed } = await prepareSet(phantoms, { out: at('memory'), folds: 5, workers: 1 })
  expect(failed).toEqual([])
  expect((await stat(at('memory', first.uid))).ino).toBe(before.ino)
  expect(await readdir(at('memory', second.uid))).toContain('segment-image.npy')
}, 60_000)

test('a study that fails is reported and stops no other', async () => {
  await mkdir(at('damaged'))
  await symlink(at('rsna', 'train_images'), at('damaged', 'train_images'))
  const labels = await readFile(at('rsna', 'train.csv'), 'utf8')
  await writeFile(at('damaged', 'train.csv'), `${labels}1.2.3,0,0,0,0,0,0,0,0\n`)
  const { prepared, failed } = await prepareSet(
    { kind: 'rsna', folder: at('damaged') },
    { out: at('partly'), folds: 5, workers: 1 },
  )
  expect(failed.map((f) => f.uid)).toEqual(['1.2.3'])
  expect(failed[0].reason).toMatch(/^study 1\.2\.3: .*no such file or folder/)
  expect(JSON.parse(await readFile(at('partly', 'failed.json'), 'utf8'))).toEqual(failed)
  // Without masks there are images for the segmenter and nothing more.
  expect(prepared.length).toBe(STUDIES)
  expect(prepared[0]).toMatchObject({
    segment: { label: null },
    crops: null,
    notes: ['no mask and no --bundle: no crops'],
  })
}, 60_000)

test('a bundle labels studies that have no mask', async () => {
  // All of C1 to C7 are in this patient's field of view.
  const options = { studies: 1, seed: 4, preset: 'tune', workers: 1 } as const
  await writePhantomSet({ ...options, out: at('unmasked') })
  await rm(at('unmasked', 'segmentations'), { recursive: true })
  const { prepared, failed } = await prepareSet(
    { kind: 'rsna', folder: at('unmasked'), bundle: DEFAULT_BUNDLE },
    { out: at('labelled'), folds: 5, workers: 1 },
  )
  expect(failed).toEqual([])
  expect(prepared[0].segment?.label).toBeNull()
  expect(prepared[0].crops?.levels).toEqual(['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7'])
}, 600_000)

test('folders of something else are left alone', async () => {
  await mkdir(at('thesis'))
  await writeFile(at('thesis', 'chapter-1.txt'), 'text')
  const options = { out: at('thesis'), folds: 5, workers: 1 }
  await expect(prepareSet(phantoms, options)).rejects.toThrow(/chapter-1\.txt/)
  await expect(writePhantomSet({ ...options, studies: 1, seed: 1, preset: PRESET })).rejects.toThrow(
    /chapter-1/,
  )
  expect(await readdir(at('thesis'))).toEqual(['chapter-1.txt'])
})

test('a family is part of a phantom and of its name, and the index says where studies came from', async () => {
  const source: PrepareSource = { ...phantoms, studies: 1, family: 'randomised' }
  await prepareSet(source, { out: at('families'), folds: 5, workers: 1 })
  await prepareSet({ ...phantoms, studies: 1 }, { out: at('families'), folds: 5, workers: 1 })
  const { studies, sources } = await indexOf('families')
  expect(new Map(studies.map((s) => [s.uid, s.truth?.family]))).toEqual(
    new Map([
      [phantomUid(PRESET, SEED, 'randomised'), 'randomised'],
      [phantomUid(PRESET, SEED), 'parametric'],
    ]),
  )
  expect(sources).toEqual([
    { kind: 'phantoms', studies: 1, seed: SEED, preset: PRESET, family: 'randomised' },
    { kind: 'phantoms', studies: 1, seed: SEED, preset: PRESET, family: 'parametric' },
  ])
}, 600_000)

const GL003 = fileURLToPath(new URL('../../../../../shared/data/verse-gl003', import.meta.url))

test.skipIf(!existsSync(GL003))(
  'schematic necks have labels and no crops',
  async () => {
    const source: PrepareSource = { kind: 'schematic', studies: 2, seed: 5, templates: GL003 }
    const { prepared, failed } = await prepareSet(source, { out: at('schematic'), folds: 5, workers: 1 })
    expect(failed).toEqual([])
    const { studies, sources } = await indexOf('schematic')
    expect(sources).toEqual([source])
    expect(studies.map((s) => s.uid).sort()).toEqual(
      [5, 6].map((seed) => phantomUid(SCHEMATIC, seed, SCHEMATIC)).sort(),
    )
    expect(prepared[0]).toMatchObject({
      patientOverall: 0,
      crops: null,
      truth: { family: SCHEMATIC, template: 'sub-gl003_dir-ax_seg-vert_msk' },
    })
    expect(await readdir(at('schematic', studies[0].uid))).toEqual(['segment-image.npy', 'segment-label.npy'])
  },
  600_000,
)

test('a folder without a whole neck is no folder of templates', async () => {
  await mkdir(at('templates'))
  await expect(listTemplates(at('templates'))).rejects.toThrow('it holds no .nii and no .nii.gz file')
  const { labels } = makeBeads({ labels: [2, 8] })
  await writeFile(at('templates', 'beads.nii'), writeNifti(labels))
  await expect(listTemplates(at('templates'))).rejects.toThrow('beads.nii cannot be a template: it has no C1')
})
