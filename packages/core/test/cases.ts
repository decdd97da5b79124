import type { StudyCase } from '../src/evaluate/cases/study-case.ts'
import { LEVELS, type Level } from '../src/levels.ts'

/** A study of seven vertebrae with these probabilities (0.1 elsewhere) and these fractures, each boxed and found. */
export function makeCase(
  uid: string,
  probabilities: Partial<Record<Level, number>>,
  fractured: readonly Level[],
  more: Partial<StudyCase> = {},
): StudyCase {
  const box = (level: Level) => {
    const z = 10 * LEVELS.indexOf(level)
    return { from: [0, 0, z] as [number, number, number], to: [10, 10, z + 10] as [number, number, number] }
  }
  const own = LEVELS.map((level) => probabilities[level] ?? 0.1)
  return {
    uid,
    family: 'parametric',
    seed: 1,
    preset: 'tune',
    status: 'analysed',
    reasons: [],
    truth: {
      fractured: Object.fromEntries(LEVELS.map((l) => [l, fractured.includes(l)])) as Record<Level, boolean>,
      fractures: fractured.map((level) => ({ level, type: 'burst', severity: 0.4, box: box(level) })),
      lookAlikes: [],
    },
    scan: { sliceMm: 1, noiseHu: 20, kernel: 'bone' },
    vertebrae: LEVELS.map((level, n) => ({
      level,
      probability: own[n],
      scores: { slices: Math.log(own[n] / (1 - own[n])), sequence: Math.log(own[n] / (1 - own[n])) },
      candidates: [{ box: box(level), heat: 0.5 }],
      extent: box(level),
    })),
    patient: Math.max(...own),
    labels: LEVELS.map((_, n) => ({ label: n + 1, found: n + 1, distanceMm: 1, dice: 0.9 })),
    timingsMs: { segment: 1000, classify: 2000 },
    ...more,
  }
}

/** A study that gave no answer. */
export const unanswered = (uid: string, fractured: readonly Level[]): StudyCase =>
  makeCase(uid, {}, fractured, {
    status: 'not-analysable',
    reasons: ['slices-too-thick'],
    vertebrae: [],
    patient: null,
  })
