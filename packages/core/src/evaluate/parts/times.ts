import type { StudyCase } from '../cases/study-case.ts'
import { quantile } from '../metrics/estimate.ts'

/** Time of one stage, or of all together, over the analysed studies. */
export type StageTime = {
  readonly stage: string
  readonly count: number
  readonly p50Ms: number
  readonly p95Ms: number
}

export function measureTimes(cases: readonly StudyCase[]): StageTime[] {
  const timed = cases.filter((c) => c.status === 'analysed' && Object.keys(c.timingsMs).length > 0)
  if (timed.length === 0) return []
  const stages = [...new Set(timed.flatMap((c) => Object.keys(c.timingsMs)))]
  const row = (stage: string, pick: (c: StudyCase) => number | undefined): StageTime => {
    const values = timed.flatMap((c) => pick(c) ?? [])
    return {
      stage,
      count: values.length,
      p50Ms: quantile(values, 0.5) ?? 0,
      p95Ms: quantile(values, 0.95) ?? 0,
    }
  }
  return [
    row('all', (c) => Object.values(c.timingsMs).reduce((a, b) => a + b, 0)),
    ...stages.map((stage) => row(stage, (c) => c.timingsMs[stage])),
  ]
}
