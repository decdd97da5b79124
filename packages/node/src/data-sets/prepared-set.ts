import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  createIndex,
  type FamilyName,
  LEVELS,
  NeckFracError,
  type PreparedEntry,
  type PreparedIndex,
  type PresetName,
  phantomUid,
  preparedIndex,
  type RecordedSource,
  SCHEMATIC,
} from '@neckfrac/core'
import { createSaver, writeAtomically } from '../atomic-file.ts'
import { createPool } from '../pool.ts'
import type * as tasks from './prepare-worker.ts'
import { listRsnaStudies, originOf, type RsnaStudy } from './rsna-folder.ts'
import { listTemplates } from './templates.ts'

export type PrepareSource =
  | {
      readonly kind: 'phantoms'
      readonly studies: number
      readonly seed: number
      readonly preset: PresetName
      /** parametric when absent. */
      readonly family?: FamilyName | undefined
      /** Folder of label maps, for the families that deform them. */
      readonly templates?: string | undefined
      /** Model bundle whose labels the crops follow instead of the true ones. */
      readonly bundle?: string | undefined
    }
  | {
      /** Necks for the segmenter alone. */
      readonly kind: 'schematic'
      readonly studies: number
      readonly seed: number
      /** Folder of label maps; the seeds take them in turn. */
      readonly templates: string
    }
  | {
      readonly kind: 'rsna'
      readonly folder: string
      /** Model bundle that labels the vertebrae of studies without a mask. */
      readonly bundle?: string | undefined
      /** Whether it labels those of a study with a mask, too. */
      readonly predicted?: boolean | undefined
    }

export type PrepareOptions = {
  readonly out: string
  readonly folds: number
  readonly workers: number
  /** Prepares these studies of the source alone. */
  readonly only?: (uid: string) => boolean
  readonly signal?: AbortSignal
  readonly onStudy?: (done: number, total: number) => void
}

export type PrepareResult = {
  readonly prepared: readonly PreparedEntry[]
  readonly failed: readonly { readonly uid: string; readonly reason: string }[]
}

/** A study that is still to be prepared. */
type Job = {
  readonly uid: string
  /** Whether an entry of an earlier run still holds. */
  isCurrent(entry: PreparedEntry): boolean
  run(pool: ReturnType<typeof createPool<typeof tasks>>): Promise<PreparedEntry>
}

/**
 * Prepares studies for training. The index is rewritten every few seconds, so that training can begin early and an
 * interrupted run continues. A study that fails never stops the others.
 */
export async function prepareSet(source: PrepareSource, options: PrepareOptions): Promise<PrepareResult> {
  const { out, folds, signal } = options
  const jobs = (await jobsOf(source, options)).filter(({ uid }) => options.only?.(uid) ?? true)
  const earlier = await openPrepared(out, folds)
  const entries = new Map(earlier.studies.map((e) => [e.uid, e]))
  const sources = addSource(earlier.sources, source)
  const failed = new Map<string, string>()
  const saver = createSaver(async () => {
    const sorted = [...entries.values()].sort((a, b) => (a.uid < b.uid ? -1 : 1))
    await writeAtomically(
      join(out, 'index.json'),
      `${JSON.stringify(createIndex(folds, sorted, sources), null, 1)}\n`,
    )
  }, 3000)
  const pool = createPool<typeof tasks>(new URL('./prepare-worker.ts', import.meta.url), options.workers)
  let done = 0
  try {
    const prepare = async (job: Job) => {
      const entry = entries.get(job.uid)
      if (!(entry && existsSync(join(out, job.uid)) && job.isCurrent(entry))) {
        try {
          entries.set(job.uid, await job.run(pool))
          await saver.changed()
        } catch (error) {
          signal?.throwIfAborted()
          entries.delete(job.uid)
          failed.set(job.uid, error instanceof Error ? error.message : String(error))
        }
      }
      done++
      options.onStudy?.(done, jobs.length)
    }
    await Promise.all(jobs.map(prepare))
  } finally {
    await pool.dispose()
    await saver.flush()
  }
  const result: PrepareResult = {
    prepared: [...entries.values()],
    failed: [...failed].map(([uid, reason]) => ({ uid, reason })),
  }
  await writeAtomically(join(out, 'failed.json'), `${JSON.stringify(result.failed, null, 1)}\n`)
  return result
}

async function jobsOf(source: PrepareSource, { out, signal }: PrepareOptions): Promise<Job[]> {
  if (source.kind === 'phantoms') {
    const { preset, family = 'parametric', bundle } = source
    const templates = source.templates === undefined ? [] : await listTemplates(source.templates)
    return Array.from({ length: source.studies }, (_, n) => {
      const seed = source.seed + n
      const uid = phantomUid(preset, seed, family)
      const label = `phantom ${seed}`
      return {
        uid,
        isCurrent: (entry) => entry.origin === 'phantom',
        run: (pool) =>
          pool.run(
            'preparePhantomStudy',
            { out, uid, seed, preset, family, templates, bundle },
            { label, signal },
          ),
      }
    })
  }
  if (source.kind === 'schematic') {
    const templates = await listTemplates(source.templates)
    return Array.from({ length: source.studies }, (_, n) => {
      const seed = source.seed + n
      const uid = phantomUid(SCHEMATIC, seed, SCHEMATIC)
      const template = templates[seed % templates.length]
      return {
        uid,
        isCurrent: (entry) => entry.origin === 'phantom',
        run: (pool) =>
          pool.run(
            'prepareSchematicStudy',
            { out, uid, seed, template },
            { label: `phantom ${seed}`, signal },
          ),
      }
    })
  }
  return (await listRsnaStudies(source.folder)).map((study) => ({
    uid: study.uid,
    isCurrent: (entry) => entry.origin === originOf(study) && sameLabels(entry, study),
    run: (pool) =>
      pool.run(
        'prepareRsnaStudy',
        { out, study, bundle: source.bundle, predicted: source.predicted },
        { label: `study ${study.uid}`, signal },
      ),
  }))
}

/** Folders as absolute paths: a later step may run elsewhere. */
function addSource(earlier: readonly RecordedSource[], source: PrepareSource): RecordedSource[] {
  const absolute = (path: string | undefined) => path && resolve(path)
  const own: RecordedSource =
    source.kind === 'rsna'
      ? { ...source, folder: resolve(source.folder), bundle: absolute(source.bundle) }
      : source.kind === 'schematic'
        ? { ...source, templates: resolve(source.templates) }
        : {
            ...source,
            family: source.family ?? 'parametric',
            templates: absolute(source.templates),
            bundle: absolute(source.bundle),
          }
  const same = (s: RecordedSource) => JSON.stringify(s) === JSON.stringify(own)
  return [...earlier.filter((s) => !same(s)), own]
}

/** A mask that arrived, or labels that changed, since the last run mean preparing again. */
const sameLabels = (entry: PreparedEntry, study: RsnaStudy): boolean =>
  LEVELS.every((l) => (entry.fractured[l] === 1) === study.fractured[l]) &&
  (study.mask !== null) === (entry.segment?.label != null)

/** Entries of an earlier run; none for a new folder. */
async function openPrepared(out: string, folds: number): Promise<Pick<PreparedIndex, 'studies' | 'sources'>> {
  await mkdir(out, { recursive: true })
  const path = join(out, 'index.json')
  if (!existsSync(path)) {
    const strange = (await readdir(out)).find((name) => !/^[0-9.]+(\.partial)?$|^failed\.json/.test(name))
    if (strange === undefined) return { studies: [], sources: [] }
    throw new NeckFracError(
      'usage',
      `${out} holds ${strange} and no index.json. Choose an empty or new folder.`,
    )
  }
  const parsed = preparedIndex.safeParse(JSON.parse(await readFile(path, 'utf8')))
  if (!parsed.success)
    throw new NeckFracError(
      'usage',
      `${path} is no prepared data set of this version: ${parsed.error.message}`,
    )
  const { studies, sources, ...constants } = parsed.data
  const { studies: _, sources: __, ...own } = createIndex(folds, [])
  if (JSON.stringify({ ...constants, folds }) !== JSON.stringify(own))
    throw new NeckFracError(
      'usage',
      `${path} was prepared on other grids (${JSON.stringify(constants)}). Choose an empty or new folder.`,
    )
  return { studies, sources }
}
