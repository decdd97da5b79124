import type { Report } from './report.ts'

type Row = readonly [id: string, probability: number | null]

/**
 * RSNA's submission format: row_id,fractured with the rows C1..C7 and patient_overall of each study.
 *
 * What was not judged has no row. The format knows neither an empty value nor a remark, and any number put there,
 * 0 or 0.5, would be read as an opinion. `omittedRows` names what is left out; `neckfrac evaluate` lists it again.
 */
export function toCsv(reports: readonly Report[]): string {
  const lines = reports
    .flatMap(rows)
    .flatMap(([id, p]) => (p === null ? [] : [`${quote(id)},${p.toFixed(6)}`]))
  return ['row_id,fractured', ...lines, ''].join('\n')
}

/** Row ids that `toCsv` leaves out because the vertebra or the study was not judged. */
export const omittedRows = (reports: readonly Report[]): string[] =>
  reports.flatMap(rows).flatMap(([id, p]) => (p === null ? [id] : []))

const rows = ({ studyInstanceUid, status, vertebrae, patient }: Report): Row[] => {
  const judged = (p: number | null) => (status === 'analysed' ? p : null)
  return [
    ...vertebrae.map((v): Row => [`${studyInstanceUid}_${v.level}`, judged(v.probability)]),
    [`${studyInstanceUid}_patient_overall`, judged(patient.probability)],
  ]
}

const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
