import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type NeckReading,
  type NeckResult,
  type NecksSummary,
  necksPage,
  parseManifest,
  parseReadings,
  scanSource,
  summarizeNecks,
} from '@neckfrac/core'
import { encode } from 'fast-png'
import { CODECS } from '../codecs.ts'
import { createPool } from '../pool.ts'
import { openSource } from '../sources.ts'

type Run = {
  readonly images: readonly string[]
  readonly workers: number
  readonly signal: AbortSignal
  readonly onStudies: (count: number) => void
  readonly onStudy: () => void
}

const startPool = (workers: number) =>
  createPool<typeof import('./neck-worker.ts')>(new URL('./neck-worker.ts', import.meta.url), workers)

async function findStudies(images: readonly string[]): Promise<{ source: string; uid: string }[]> {
  const found = await Promise.all(
    images.map(async (path) => {
      const { studies } = await scanSource(await openSource(path), { codecs: CODECS })
      return studies.map((s) => ({ source: path, uid: s.studyInstanceUid }))
    }),
  )
  return found.flat()
}

/** Writes the cuts on which levels are read, NAME.count.png and NAME.measure.png. @returns how many studies had a cord. */
export async function drawReadings(out: string, run: Run): Promise<number> {
  const studies = await findStudies(run.images)
  run.onStudies(studies.length)
  await mkdir(out, { recursive: true })
  const pool = startPool(run.workers)
  try {
    const drawn = await Promise.all(
      studies.map(async (study) => {
        const sheets = await pool.run('drawReading', study, { label: study.uid, signal: run.signal })
        for (const [name, { width, height, pixels }] of Object.entries(sheets ?? {}))
          await writeFile(
            join(out, `${study.uid}.${name}.png`),
            encode({ width, height, data: pixels, channels: 1, depth: 8 }),
          )
        run.onStudy()
        return sheets !== null
      }),
    )
    return drawn.filter(Boolean).length
  } finally {
    await pool.dispose()
  }
}

export type MeasureOptions = Run & {
  readonly bundle: string
  /** JSON of readings. */
  readonly readings: string | undefined
  /** Readings of the split `test` stay closed unless they are asked for. */
  readonly test: boolean
  readonly scores: boolean
  readonly out: string | undefined
}

export type Measured = {
  readonly summary: NecksSummary
  readonly necks: readonly NeckResult[]
}

/** Labels every neck with the bundle's segmenter and measures the labels. */
export async function measureNecks(options: MeasureOptions): Promise<Measured> {
  const readings = await readReadings(options)
  const manifest = options.scores
    ? parseManifest(await readFile(join(options.bundle, 'manifest.json')))
    : null
  const studies = await findStudies(options.images)
  options.onStudies(studies.length)
  const pool = startPool(options.workers)
  try {
    const { bundle, scores, signal, out } = options
    const necks = await Promise.all(
      studies.map(async (study) => {
        const reading = readings.find((r) => r.id === study.uid) ?? null
        const input = { ...study, bundle, reading, scores, picture: out !== undefined }
        const measured = await pool.run('measure', input, { label: study.uid, signal })
        options.onStudy()
        return { ...measured, reading }
      }),
    )
    const results = necks.map((n) => n.result)
    const summary = summarizeNecks(results, manifest)
    if (out !== undefined) {
      await mkdir(out, { recursive: true })
      await writeFile(join(out, 'necks.json'), JSON.stringify({ bundle, summary, necks: results }, null, 1))
      const drawn = necks.flatMap(({ picture, ...rest }) => (picture ? [{ ...rest, picture }] : []))
      await writeFile(join(out, 'necks.html'), necksPage(bundle, summary, drawn))
    }
    return { summary, necks: results }
  } finally {
    await pool.dispose()
  }
}

async function readReadings({ readings, test }: MeasureOptions): Promise<readonly NeckReading[]> {
  if (readings === undefined) return []
  const all = parseReadings(await readFile(readings, 'utf8'), readings)
  return test ? all : all.filter((r) => r.split === 'development')
}
