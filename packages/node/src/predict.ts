import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  analyze,
  atOperatingPoint,
  type Detector,
  EXIT_CODES,
  EXIT_INTERNAL,
  isNeckFracError,
  omittedRows,
  type Report,
  readStudy,
  type SeriesRules,
  type Skipped,
  type StudyCandidate,
  scanSource,
  toCsv,
  toHtml,
  toJson,
  toTable,
} from '@neckfrac/core'
import { openBundle } from './bundle.ts'
import { CODECS } from './codecs.ts'
import { createProgress } from './progress.ts'
import { openSource } from './sources.ts'

export const FORMATS = ['json', 'csv', 'html'] as const
export type Format = (typeof FORMATS)[number]

export type PredictOptions = {
  readonly out: string
  readonly format: readonly Format[]
  readonly bundle: string
  readonly threads: number
  /** One of the bundle's operating points instead of its default. */
  readonly operatingPoint?: string | undefined
  /** The site's own rules that choose the series; the default ones when absent. */
  readonly rules?: SeriesRules | undefined
}

/** One line of run.json. */
type Outcome =
  | { source: string; study: string; status: Report['status']; patient: Report['patient']; files: string[] }
  | { source: string; study: string | null; status: 'failed'; error: string }

/**
 * Analyses every study of every path. One bad study never stops the others; each is in run.json, and so is each skipped file.
 * @returns The exit code: 0, or the worst of what happened.
 */
export async function predict(paths: readonly string[], options: PredictOptions): Promise<number> {
  // The networks load while the first source is scanned and read.
  const loading = openDetector(options)
  let unusable: unknown
  loading.catch((error: unknown) => {
    unusable = error // reported by the study that waits for it
  })
  const outcomes: Outcome[] = []
  const skippedFiles: (Skipped & { source: string })[] = []
  const reports: Report[] = []
  const folders = new Set<string>()
  let exitCode = 0

  const failed = (source: string, study: string | null, error: unknown) => {
    // Without networks no study can be analysed.
    if (error === unusable) throw error
    const message = error instanceof Error ? error.message : String(error)
    console.error(`${study ?? source}: ${message}`)
    outcomes.push({ source, study, status: 'failed', error: message })
    exitCode = Math.max(exitCode, isNeckFracError(error) ? EXIT_CODES[error.tag] : EXIT_INTERNAL)
  }

  try {
    for (const path of paths) {
      try {
        const source = await openSource(path)
        try {
          const { studies, refused, skipped } = await scanSource(source, {
            codecs: CODECS,
            rules: options.rules,
          })
          const candidates = [...studies, ...refused]
          // A lone study repeats the files that belong to none.
          const unused = new Map(
            [...skipped, ...candidates.flatMap((study) => study.skipped)].map((file) => [file.path, file]),
          )
          skippedFiles.push(...[...unused.values()].map((file) => ({ source: path, ...file })))
          // Reading a refused study says why it was refused.
          for (const candidate of candidates) {
            try {
              const report = await analyzeStudy(path, candidate, loading, options)
              const files = await writeReport(report, options, folders)
              process.stdout.write(`\n${toTable(report, { colour: process.stdout.isTTY })}\n`)
              reports.push(report)
              outcomes.push({
                source: path,
                study: report.studyInstanceUid,
                status: report.status,
                patient: report.patient,
                files,
              })
              if (report.status === 'not-analysable') exitCode = Math.max(exitCode, EXIT_CODES.input)
            } catch (error) {
              failed(path, candidate.studyInstanceUid, error)
            }
          }
        } finally {
          await source.dispose?.()
        }
      } catch (error) {
        failed(path, null, error)
      }
    }
  } finally {
    await loading.then((detector) => detector.dispose()).catch(() => {})
  }

  await mkdir(options.out, { recursive: true })
  if (options.format.includes('csv')) {
    await writeFile(join(options.out, 'predictions.csv'), toCsv(reports))
    const omitted = omittedRows(reports)
    if (omitted.length > 0)
      console.log(
        `predictions.csv leaves out ${omitted.length} rows that were not judged, ${omitted[0]} first.`,
      )
  }
  await writeFile(join(options.out, 'run.json'), `${JSON.stringify({ outcomes, skippedFiles }, null, 2)}\n`)
  printWorklist(reports)
  console.log(`Reports: ${resolve(options.out)}`)
  return exitCode
}

async function openDetector({ bundle, threads, operatingPoint }: PredictOptions): Promise<Detector> {
  const detector = await openBundle(bundle, threads)
  if (operatingPoint === undefined) return detector
  try {
    const { manifest } = detector
    const decision = atOperatingPoint(manifest.decision, operatingPoint)
    return { ...detector, manifest: { ...manifest, decision } }
  } catch (error) {
    await detector.dispose()
    throw error
  }
}

const STAGES = { read: 0, prepare: 1, segment: 2, classify: 3, report: 4 } as const

async function analyzeStudy(
  source: string,
  candidate: StudyCandidate,
  detector: Promise<Detector>,
  { format }: PredictOptions,
): Promise<Report> {
  const progress = createProgress(candidate.studyInstanceUid.slice(-24), Object.keys(STAGES).length)
  try {
    const run = analyze(source, () => readStudy(candidate, { codecs: CODECS }), detector, {
      clock: Date.now,
      figures: format.includes('html'),
    })
    for (;;) {
      const next = await run.next()
      if (next.done) return next.value
      progress.update(STAGES[next.value.stage], next.value.stage)
    }
  } finally {
    progress.done()
  }
}

async function writeReport(
  report: Report,
  { out, format }: PredictOptions,
  taken: Set<string>,
): Promise<string[]> {
  const folder = folderName(report.studyInstanceUid, taken)
  await mkdir(join(out, folder), { recursive: true })
  const files: string[] = []
  const write = async (name: string, text: string) => {
    files.push(`${folder}/${name}`)
    await writeFile(join(out, folder, name), text)
  }
  if (format.includes('json')) await write('report.json', toJson(report))
  if (format.includes('html')) await write('report.html', toHtml(report))
  return files
}

/** A folder name that a hostile UID cannot turn into a path, different for each study of a run. */
export function folderName(uid: string, taken: Set<string>): string {
  const safe =
    uid
      .replace(/[^\w.-]/g, '_')
      .replace(/^\.+/, '_')
      .slice(0, 80) || 'study'
  let name = safe
  for (let n = 2; taken.has(name); n++) name = `${safe}-${n}`
  taken.add(name)
  return name
}

/** Several studies in one call: the most suspicious on top. */
function printWorklist(reports: readonly Report[]): void {
  if (reports.length < 2) return
  console.log('\nMost suspicious first:')
  const order = [...reports].sort((a, b) => (b.patient.probability ?? -1) - (a.patient.probability ?? -1))
  for (const { patient, studyInstanceUid } of order) {
    const value = patient.probability === null ? 'not analysable' : patient.probability.toFixed(3)
    console.log(`  ${value.padEnd(14)} ${studyInstanceUid}`)
  }
}
