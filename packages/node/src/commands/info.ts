import {
  countReasons,
  EXIT_CODES,
  type Scan,
  type SeriesSummary,
  type StudyCandidate,
  surveySource,
} from '@neckfrac/core'
import { Command } from 'commander'
import { CODECS } from '../codecs.ts'
import { readSeriesRules, seriesRulesOption } from '../series-rules.ts'
import { openSource } from '../sources.ts'
import { withoutControls } from '../terminal-text.ts'

export const infoCommand = new Command('info')
  .description('Show the studies and series in a folder, .zip or file, what would be read and why.')
  .argument('<path>', 'folder, .zip, DICOM or NIfTI file')
  .option('--json', 'print JSON for other programs')
  .addOption(seriesRulesOption())
  .action(async (path: string, { json, seriesRules }: { json?: boolean; seriesRules?: string }) => {
    const rules = await readSeriesRules(seriesRules)
    const source = await openSource(path)
    try {
      const scan = await surveySource(source, { codecs: CODECS, rules })
      const changes = rules && changedChoices(await surveySource(source, { codecs: CODECS }), scan)
      const info = { ...toInfo(path, scan), ...(changes && { seriesRules, changes }) }
      console.log(json ? JSON.stringify(info, null, 2) : describeScan(path, scan))
      if (changes && !json) console.log(describeChanges(changes))
      if (scan.studies.length === 0) process.exitCode = EXIT_CODES.input
    } finally {
      await source.dispose?.()
    }
  })

/** What --json prints. The patient's identity is left out. */
export function toInfo(path: string, { studies, refused, skipped }: Scan) {
  const study = (candidate: StudyCandidate) => ({
    studyInstanceUid: candidate.studyInstanceUid,
    description: candidate.description,
    readable: candidate.content !== null,
    series: candidate.series,
    skipped: candidate.skipped,
  })
  return { source: path, studies: [...studies, ...refused].map(study), skipped }
}

/** A study of which the site's rules read another series than the default rules. */
export type ChangedChoice = {
  readonly studyInstanceUid: string
  /** null: no series can be read. */
  readonly byDefault: SeriesSummary | null
  readonly bySite: SeriesSummary | null
}

export function changedChoices(byDefault: Scan, bySite: Scan): readonly ChangedChoice[] {
  const before = choices(byDefault)
  return [...choices(bySite)].flatMap(([studyInstanceUid, chosen]) => {
    const other = before.get(studyInstanceUid) ?? null
    // Parts of one SeriesInstanceUID differ in their number of slices or kernel.
    const isSame = (['seriesInstanceUid', 'sliceCount', 'kernel'] as const).every(
      (key) => chosen?.[key] === other?.[key],
    )
    return isSame ? [] : { studyInstanceUid, byDefault: other, bySite: chosen }
  })
}

const choices = ({ studies, refused }: Scan): ReadonlyMap<string, SeriesSummary | null> =>
  new Map(
    [...studies, ...refused].map(({ studyInstanceUid, series }) => [
      studyInstanceUid,
      series.find(({ chosen }) => chosen) ?? null,
    ]),
  )

export function describeChanges(changes: readonly ChangedChoice[]): string {
  if (changes.length === 0) return 'The default rules would read the same.'
  const name = (series: SeriesSummary | null) =>
    series === null ? 'nothing' : `${nameOf(series)} (${series.sliceCount} images)`
  const lines = changes.map(
    ({ studyInstanceUid, byDefault, bySite }) =>
      `  study ${studyInstanceUid}: ${name(bySite)} instead of ${name(byDefault)}`,
  )
  return ['Other than by the default rules:', ...lines].map(withoutControls).join('\n')
}

/** What is printed for people. */
export function describeScan(path: string, { studies, refused, skipped }: Scan): string {
  const lines = [path, '']
  for (const study of studies) lines.push(...describeStudy(study, 'to be read'), '')
  // The series of refused studies stand with the only study already.
  if (studies.length !== 1)
    for (const study of refused) lines.push(...describeStudy(study, 'not readable'), '')
  const files = studies.length === 1 ? [] : skipped
  if (files.length > 0) lines.push(`Skipped, ${countFiles(files.length)}`, ...indent(countReasons(files)), '')
  const count = studies.length === 1 ? '1 study' : `${studies.length} studies`
  lines.push(studies.length === 0 ? 'Nothing here can be read as a neck CT.' : `${count} would be read.`)
  return lines.map(withoutControls).join('\n')
}

function describeStudy(study: StudyCandidate, what: string): readonly string[] {
  const lines = [`Study ${study.studyInstanceUid}  ${study.description}  (${what})`]
  for (const series of study.series) lines.push(...describeSeries(series))
  if (study.skipped.length > 0)
    lines.push(
      `  skipped, ${countFiles(study.skipped.length)}`,
      ...indent(indent(countReasons(study.skipped))),
    )
  return lines
}

function describeSeries(series: SeriesSummary): readonly string[] {
  const { spacingMm } = series
  const size = `${series.sliceCount} ${series.plane} images of ${series.columns} x ${series.rows}`
  const spacing =
    spacingMm === null
      ? 'one position'
      : `${spacingMm[0].toFixed(2)} x ${spacingMm[1].toFixed(2)} mm, ${spacingMm[2].toFixed(2)} mm apart`
  return [
    `  ${series.chosen ? '*' : '-'} ${nameOf(series)}: ${size}, ${spacing}`,
    `      ${series.chosen ? 'read' : 'not read'}: ${series.reason}`,
  ]
}

const nameOf = ({ modality, description, kernel }: SeriesSummary): string =>
  [modality, description, kernel && `kernel ${kernel}`].filter(Boolean).join(', ')

const countFiles = (n: number): string => (n === 1 ? '1 file' : `${n} files`)

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`)
