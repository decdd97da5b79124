import { NeckFracError } from '../errors.ts'
import { LEVELS } from '../levels.ts'
import { type ByColumn, COLUMNS, type Column } from './competition.ts'
import { type CsvRow, parseCsv } from './csv.ts'

export type Predictions = ReadonlyMap<string, ByColumn<number>>
export type Labels = ReadonlyMap<string, Readonly<Record<Column, boolean>>>

const ROW_ID = new RegExp(`^(.+)_(${COLUMNS.join('|')})$`)

/**
 * Predictions in RSNA's submission format, by study. A row may be missing: that column was not judged.
 * @throws NeckFracError `data`, naming file and line, for anything that is no probability.
 */
export function readPredictions(text: string, file: string): Predictions {
  const studies = new Map<string, Partial<Record<Column, number>>>()
  for (const { line, cells } of parseCsv(text, file, ['row_id', 'fractured'])) {
    const id = ROW_ID.exec(cells.row_id)
    if (!id)
      throw new NeckFracError(
        'data',
        `${file}, line ${line}: row_id "${cells.row_id}" is not <StudyInstanceUID>_<${COLUMNS.join('|')}>.`,
      )
    const [, uid, column] = id
    const p = cells.fractured === '' ? Number.NaN : Number(cells.fractured)
    if (!(p >= 0 && p <= 1))
      throw new NeckFracError(
        'data',
        `${file}, line ${line}: fractured is "${cells.fractured}", not a probability from 0 to 1. ` +
          'Leave out the row of what was not judged.',
      )
    const study = studies.get(uid) ?? {}
    if (study[column as Column] !== undefined)
      throw new NeckFracError('data', `${file}, line ${line}: ${cells.row_id} appears twice.`)
    studies.set(uid, Object.assign(study, { [column]: p }))
  }
  return studies
}

/**
 * RSNA's train.csv: StudyInstanceUID, patient_overall, C1..C7, by study.
 * @throws NeckFracError `data`, naming file and line, for values other than 0 and 1 and for contradictions.
 */
export function readLabels(text: string, file: string): Labels {
  const studies = new Map<string, Readonly<Record<Column, boolean>>>()
  for (const row of parseCsv(text, file, ['StudyInstanceUID', 'patient_overall', ...LEVELS])) {
    const uid = row.cells.StudyInstanceUID
    if (uid === '' || studies.has(uid))
      throw new NeckFracError(
        'data',
        `${file}, line ${row.line}: ${uid === '' ? 'StudyInstanceUID is empty' : `study ${uid} appears twice`}.`,
      )
    const labels = Object.fromEntries(COLUMNS.map((c) => [c, truth(row, c, file)])) as Record<Column, boolean>
    if (labels.patient_overall !== LEVELS.some((level) => labels[level]))
      throw new NeckFracError(
        'data',
        `${file}, line ${row.line}: patient_overall is ${row.cells.patient_overall}, which contradicts C1..C7.`,
      )
    studies.set(uid, labels)
  }
  return studies
}

function truth({ line, cells }: CsvRow, column: Column, file: string): boolean {
  const value = Number(cells[column])
  if (cells[column] === '' || (value !== 0 && value !== 1))
    throw new NeckFracError('data', `${file}, line ${line}: ${column} is "${cells[column]}", not 0 or 1.`)
  return value === 1
}
