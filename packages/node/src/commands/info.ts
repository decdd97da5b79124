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
import { openSource } from '../sources.ts'

export const infoCommand = new Command('info')
  .description('Show the studies and series in a folder, .zip or file, what would be read and why.')
  .argument('<path>', 'folder, .zip, DICOM or NIfTI file')
  .option('--json', 'print JSON for other programs')
  .action(async (path: string, { json }: { json?: boolean }) => {
    const source = await openSource(path)
    try {
      const scan = await surveySource(source, { codecs: CODECS })
      console.log(json ? JSON.stringify(toInfo(path, scan), null, 2) : describeScan(path, scan))
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
  const size = `${series.sliceCount} x ${series.columns} x ${series.rows}`
  const spacing =
    spacingMm === null
      ? 'one position'
      : `${spacingMm[0].toFixed(2)} x ${spacingMm[1].toFixed(2)} mm, ${spacingMm[2].toFixed(2)} mm apart`
  const name = [series.modality, series.description, series.kernel && `kernel ${series.kernel}`]
  return [
    `  ${series.chosen ? '*' : '-'} ${name.filter(Boolean).join(', ')}: ${size}, ${spacing}`,
    `      ${series.chosen ? 'read' : 'not read'}: ${series.reason}`,
  ]
}

const countFiles = (n: number): string => (n === 1 ? '1 file' : `${n} files`)

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`)

/** File names come from anywhere and must not steer the terminal. */
const withoutControls = (line: string): string => line.replace(/\p{Cc}/gu, '?')
