import type { Assessment } from '../assessment.ts'

/** The evaluation as indented JSON; each number of a curve keeps six digits. */
export const toEvaluationJson = (assessment: Assessment): string =>
  `${JSON.stringify(assessment, (_, value) => (typeof value === 'number' ? Math.round(value * 1e6) / 1e6 : value), 1)}\n`
