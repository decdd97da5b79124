import { LEVELS } from '../levels.ts'
import type { Call, Report } from '../report/report.ts'
import { callOf } from './decide.ts'

type Judged = Pick<Report, 'bundle' | 'patient' | 'vertebrae'>

/** Names of the points at which a report can be read, the one it was made at first. */
export const pointsOfReport = ({ bundle }: Pick<Report, 'bundle'>): string[] => [
  ...new Set([bundle.operatingPoint, ...Object.keys(bundle.operatingPoints ?? {})]),
]

/**
 * The same report as another of its operating points calls it: probabilities stay, thresholds and calls follow. A box
 * is left where the call stays a fracture; the candidates say where to look in any case. A point that the report does
 * not hold leaves it as it is.
 */
export function recall<R extends Judged>(report: R, name: string): R {
  const points = report.bundle.operatingPoints
  if (name === report.bundle.operatingPoint || !points || !Object.hasOwn(points, name)) return report
  const { thresholds } = points[name]
  const call = (probability: number | null, threshold: number, before: Call): Call =>
    callOf(probability === null || before === 'not-assessable' ? null : probability >= threshold)
  const { patient } = report
  return {
    ...report,
    bundle: { ...report.bundle, operatingPoint: name },
    patient: {
      ...patient,
      threshold: thresholds.patient,
      call: call(patient.probability, thresholds.patient, patient.call),
    },
    vertebrae: report.vertebrae.map((v, n) => {
      const threshold = thresholds[LEVELS[n]]
      const called = call(v.probability, threshold, v.call)
      return { ...v, threshold, call: called, box: called === 'fracture' ? v.box : null }
    }),
  }
}
