import { LEVELS, type Level } from '../../levels.ts'
import { INBORN, TYPES, WORN } from '../plan.ts'
import type { FractureType, LookAlikeType } from '../study.ts'

/** One finding to show, at the level where it is most frequent. */
export type Exhibit =
  | { readonly kind: 'fracture'; readonly type: FractureType; readonly level: Level }
  | { readonly kind: 'look-alike'; readonly type: LookAlikeType; readonly level: Level }

/** Level of the largest weight; of equals the one nearest to C5, where most things happen. */
const mostFrequent = (weights: readonly number[]): Level => {
  const best = [...LEVELS.keys()].filter((n) => weights[n] === Math.max(...weights))
  return LEVELS[best.sort((a, b) => Math.abs(a - 4) - Math.abs(b - 4))[0]]
}

/** Every fracture type of the catalogue, in its order. */
export function listFractures(): Exhibit[] {
  const types = [...new Set(LEVELS.flatMap((level) => Object.keys(TYPES[level]) as FractureType[]))]
  return types.map((type) => ({
    kind: 'fracture',
    type,
    level: mostFrequent(LEVELS.map((level) => TYPES[level][type] ?? 0)),
  }))
}

/** Every look-alike type that is planned, then those that the scanner makes. */
export function listLookAlikes(): Exhibit[] {
  const planned = Object.entries({ ...INBORN, ...WORN }).map(
    ([type, chances]): Exhibit => ({
      kind: 'look-alike',
      type: type as LookAlikeType,
      level: mostFrequent(chances),
    }),
  )
  return [
    ...planned,
    { kind: 'look-alike', type: 'motion-step', level: 'C4' },
    { kind: 'look-alike', type: 'streak', level: 'C2' },
  ]
}
