import type { Decision, LevelLogits } from '../bundle/manifest.ts'
import { NeckFracError } from '../errors.ts'
import { LEVELS, type Level } from '../levels.ts'
import { median } from '../series/group.ts'
import { ensembleLogit, type StudyScores } from './decide.ts'

/** Of a level, below which its median is a guess: its standard error is then about a fifth of the logits' deviation. */
export const LEAST_AT_SITE = 50

/** Median logit of the ensemble by level. */
export const medianLogits = (studies: readonly StudyScores[], sliceModelWeight: number): LevelLogits =>
  Object.fromEntries(
    LEVELS.flatMap((level) => {
      const logits = logitsOf(studies, level, sliceModelWeight)
      return logits.length > 0 ? [[level, median(logits)]] : []
    }),
  )

const logitsOf = (studies: readonly StudyScores[], level: Level, sliceModelWeight: number): number[] =>
  studies.flatMap((s) => (s[level] ? ensembleLogit(s[level], sliceModelWeight) : []))

/**
 * Moves the decision to a site whose scanners and patients look otherwise to the networks: by level, so that the median
 * of its unselected studies is that of the studies it was learned on. Needs no labels, because at either place most
 * vertebrae of a level are intact; studies chosen for their fractures would hide fractures.
 *
 * @throws NeckFracError `data` where the bundle has no medians, or a level fewer than LEAST_AT_SITE vertebrae.
 */
export function adjustToSite(
  decision: Decision,
  studies: readonly StudyScores[],
  learnedOn: string,
): Decision {
  const { medians, sliceModelWeight } = decision
  if (medians === undefined)
    throw new NeckFracError(
      'data',
      'The bundle does not say what its logits were where it was calibrated. Calibrate it again (--rsna or --phantoms), or take one of 0.6 or later.',
    )
  const logits = LEVELS.map((level) => ({ level, own: logitsOf(studies, level, sliceModelWeight) }))
  const few = logits.filter(({ own }) => own.length < LEAST_AT_SITE)
  if (few.length > 0)
    throw new NeckFracError(
      'data',
      `Each level needs ${LEAST_AT_SITE} judged vertebrae, and here are fewer: ${few.map(({ level, own }) => `${level} ${own.length}`).join(', ')}. Give more studies, unselected ones.`,
    )
  const shift = Object.fromEntries(
    logits.map(({ level, own }) => {
      const here = median(own)
      return [level, here - (medians[level] ?? here)]
    }),
  )
  return { ...decision, site: { shift, learnedOn } }
}
