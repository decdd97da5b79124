import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type ErrorTag,
  type FamilyName,
  type FractureTruth,
  LEVELS,
  type Level,
  NeckFracError,
  type PhantomStudy,
  type PresetName,
  phantomUid,
} from '@neckfrac/core'
import { createSaver, writeAtomically } from '../atomic-file.ts'
import { createPool } from '../pool.ts'
import type * as tasks from './phantom-worker.ts'
import { SYNTHETIC_FILE } from './rsna-folder.ts'
import { listTemplates } from './templates.ts'

/** One study of a phantom data set, as truth.json lists it. */
export type PhantomEntry = {
  readonly uid: string
  readonly seed: number
  readonly preset: string
  readonly family: FamilyName
  /** The label map that its vertebrae came from. */
  readonly template: string | null
  readonly fractured: Readonly<Record<Level, boolean>>
  /** Boxes count slices from 0 from the top; the file of slice n is n + 1. */
  readonly fractures: readonly FractureTruth[]
  readonly scan: PhantomStudy['truth']['scan']
}

type Truth = {
  readonly format: 'neckfrac-phantoms'
  readonly version: 1
  readonly studies: readonly PhantomEntry[]
}

export type PhantomSetOptions = {
  readonly out: string
  readonly studies: number
  /** Study n has seed + n. */
  readonly seed: number
  readonly preset: PresetName
  /** parametric when absent. */
  readonly family?: FamilyName | undefined
  /** Folder of label maps, for the families that deform them. */
  readonly templates?: string | undefined
  readonly workers: number
  readonly signal?: AbortSignal
  readonly onStudy?: () => void
}

export const NOTICE = `SYNTHETIC DATA

Every study in this folder was computed by "neckfrac phantom". No patient was scanned and no real image was used.
Results on these studies say nothing about real patients.
`

/**
 * Writes synthetic studies in the layout of the RSNA 2022 cervical-spine data set. Studies that are complete are kept.
 * @returns Why studies failed, if any did.
 */
export async function writePhantomSet(options: PhantomSetOptions): Promise<string[]> {
  const { out, preset, family, signal } = options
  const templates = options.templates === undefined ? [] : await listTemplates(options.templates)
  const done = new Map((await openSet(out)).map((s) => [s.uid, s]))
  await writeAtomically(join(out, SYNTHETIC_FILE), NOTICE)
  const saver = createSaver(() => writeTables(out, [...done.values()]), 3000)
  const failures: string[] = []
  const pool = createPool<typeof tasks>(new URL('./phantom-worker.ts', import.meta.url), options.workers)
  try {
    const make = async (seed: number) => {
      const uid = phantomUid(preset, seed, family)
      if (!isComplete(out, uid, done)) {
        try {
          const label = `study ${uid} (seed ${seed})`
          const input = { out, uid, seed, preset, family, templates }
          done.set(uid, await pool.run('writePhantom', input, { label, signal }))
          await saver.changed()
        } catch (error) {
          signal?.throwIfAborted()
          failures.push(error instanceof Error ? error.message : String(error))
        }
      }
      options.onStudy?.()
    }
    await Promise.all(Array.from({ length: options.studies }, (_, n) => make(options.seed + n)))
  } finally {
    await pool.dispose()
    await saver.flush()
  }
  return failures
}

/** A study counts as complete when its files have their final names and truth.json tells what is in them. */
const isComplete = (out: string, uid: string, listed: ReadonlyMap<string, unknown>): boolean =>
  listed.has(uid) &&
  existsSync(join(out, 'train_images', uid)) &&
  existsSync(join(out, 'segmentations', `${uid}.nii`))

/** The studies of an existing phantom data set; an empty or missing folder is a new one. */
async function openSet(out: string): Promise<readonly PhantomEntry[]> {
  await mkdir(out, { recursive: true })
  const path = join(out, 'truth.json')
  if (existsSync(path)) {
    const truth: Truth = JSON.parse(await readFile(path, 'utf8'))
    if (truth.format === 'neckfrac-phantoms' && truth.version === 1) return truth.studies
    throw notOurs(out, `${path} is not the truth of a phantom data set of this version`)
  }
  const others = (await readdir(out)).filter((name) => !OWN.has(name))
  if (others.length > 0) throw notOurs(out, `it holds ${others[0]} and no truth.json`)
  return []
}

/** What may lie in a data set whose first study was interrupted. */
const OWN = new Set([SYNTHETIC_FILE, 'train_images', 'segmentations', 'truth.json.partial'])
const TAG: ErrorTag = 'usage'
const notOurs = (out: string, why: string) =>
  new NeckFracError(TAG, `${out} is no phantom data set: ${why}. Choose an empty or new folder.`)

/** truth.json last: it is what a rerun believes. */
async function writeTables(out: string, studies: readonly PhantomEntry[]): Promise<void> {
  const sorted = [...studies].sort((a, b) =>
    a.preset < b.preset ? -1 : a.preset > b.preset ? 1 : a.seed - b.seed,
  )
  const flag = (value: boolean) => (value ? 1 : 0)
  const labels = sorted.map(({ uid, fractured }) => {
    const levels = LEVELS.map((l) => fractured[l])
    return [uid, flag(levels.includes(true)), ...levels.map(flag)]
  })
  const boxes = sorted.flatMap(({ uid, fractures }) =>
    fractures.flatMap((f) =>
      f.boxes.map((b) => [uid, b.x, b.y, b.width, b.height, b.sliceIndex + 1] as const),
    ),
  )
  const csv = (header: string, rows: readonly (readonly (string | number)[])[]) =>
    `${[header, ...rows.map((row) => row.join(','))].join('\n')}\n`
  await writeAtomically(
    join(out, 'train.csv'),
    csv(`StudyInstanceUID,patient_overall,${LEVELS.join(',')}`, labels),
  )
  await writeAtomically(
    join(out, 'train_bounding_boxes.csv'),
    csv('StudyInstanceUID,x,y,width,height,slice_number', boxes),
  )
  const truth: Truth = { format: 'neckfrac-phantoms', version: 1, studies: sorted }
  await writeAtomically(join(out, 'truth.json'), `${JSON.stringify(truth, null, 1)}\n`)
}
