import type { Decision } from '../../bundle/manifest.ts'
import { patientProbability, vertebraProbability } from '../../decide/decide.ts'
import type { StudyCase } from './study-case.ts'

/** A case as another decision would have judged it: only the networks are slow. Cases without raw scores stay. */
export function rejudge(study: StudyCase, decision: Decision): StudyCase {
  if (study.vertebrae.length === 0 || study.vertebrae.some((v) => v.scores === null)) return study
  const vertebrae = study.vertebrae.map((v) => ({
    ...v,
    probability: v.scores ? vertebraProbability(v.level, v.scores, decision) : v.probability,
  }))
  return { ...study, vertebrae, patient: patientProbability(vertebrae.map((v) => v.probability)) }
}
