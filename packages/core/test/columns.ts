import { COLUMNS, type Column } from '../src/evaluate/competition.ts'

/** Eight values, C1..C7 and patient_overall, by name. */
export const byColumn = <T>(values: readonly T[]): Record<Column, T> =>
  Object.fromEntries(COLUMNS.map((column, i) => [column, values[i]])) as Record<Column, T>
