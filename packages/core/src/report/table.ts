import type { Call, Report } from './report.ts'
import { CALL_WORDS, verdict, whereWords } from './where.ts'

export type TableOptions = {
  /** ANSI colours; the words say the same without them. */
  readonly colour?: boolean
}

/** The report as a terminal shows it: notice, study, table, verdict, findings. */
export function toTable(report: Report, options: TableOptions = {}): string {
  const paint = (code: number, text: string) => (options.colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  const painted: Readonly<Record<Call, (text: string) => string>> = {
    fracture: (t) => paint(1, paint(31, t)),
    'no-fracture': (t) => t,
    'not-assessable': (t) => paint(33, t),
  }
  const rows = [
    ...report.vertebrae.map((v) => ({ ...v, name: v.level as string, where: whereWords(v, report) })),
    { ...report.patient, name: 'patient', where: '' },
  ]
  const call = (c: Call) => painted[c]((c === 'fracture' ? 'FRACTURE' : CALL_WORDS[c]).padEnd(14))
  const table = rows.map((r) =>
    [
      r.name.padEnd(8),
      (r.probability?.toFixed(3) ?? '–').padStart(11),
      r.threshold.toFixed(3).padStart(10),
      ` ${call(r.call)}`,
      plain(r.where),
    ]
      .join(' ')
      .trimEnd(),
  )
  const { headline, detail } = verdict(report)
  const marks = { blocking: 'x', warning: '!', info: 'i' }
  const { geometry } = report
  return [
    paint(1, report.notice),
    '',
    plain(`Study ${report.studyInstanceUid}${report.description ? `  ${report.description}` : ''}`),
    `${geometry.sliceCount} slices of ${geometry.columns} x ${geometry.rows}, ` +
      `${geometry.spacingMm.map((s) => s.toFixed(2)).join(' x ')} mm`,
    '',
    paint(2, `${'level'.padEnd(8)} probability  threshold  ${'call'.padEnd(14)} where`),
    ...table,
    '',
    paint(1, headline),
    plain(detail),
    ...(report.findings.length === 0 ? [] : ['', 'Findings']),
    ...report.findings.map((f) => plain(`  ${marks[f.severity]} ${f.severity}: ${f.message}`)),
    ...(report.skipped.length === 0
      ? []
      : [`${report.skipped.length} files were not used; the report says why.`]),
    '',
  ].join('\n')
}

/** Text from a file must not steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const plain = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/g, ' ')
