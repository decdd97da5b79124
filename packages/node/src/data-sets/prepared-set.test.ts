import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PreparedIndex, preparedIndex } from '@neckfrac/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { phantomUid, writePhantomSet } from './phantom-set.ts'
import { type PrepareSource, prepareSet } from './prepared-set.ts'

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
}, 120_000)
afterAll(() => rm(root, { recursive: true, force: true }))

test('files in RSNA layout, read again, prepare to what the phantom itself prepares to', async () => {
  const [files, memory] = await Promise.all(['files', 'memory'].map(indexOf))
  expect(files.studies.map((s) => s.uid)).toEqual(memory.studies.map((s) => s.uid))
  expect(files.studies.length).toBe(STUDIES)
  for (const [n, a] of files.studies.entries()) {
    const b = memory.studies[n]
    expect(a.fold).toBe(b.fold)
    expect(a.crops?.levels).toEqual(b.crops?.levels)
    for (const path of [b.segment?.image, b.segment?.label, b.crops?.image, b.crops?.mask]) {
      const [x, y] = await Promise.all(['files', 'memory'].map((set) => readFile(at(set, path ?? ''))))
      expect(x.length).toBe(y.length)
      let differing = 0
      for (let p = 0; p < x.length; p++) if (Math.abs(x[p] - y[p]) > 2) differing++
      expect(differing / x.length).toBeLessThan(0.005)
    }
  }
})

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
  expect(await readdir(at('memory', second.uid))).toContain('crop-image.npy')
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
  expect(prepared[0]).toMatchObject({ segment: { label: null }, crops: null, notes: ['no mask: no crops'] })
}, 60_000)

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
