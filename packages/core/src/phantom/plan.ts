import { LEVELS, type Level } from '../levels.ts'
import { PRESETS, type PresetName } from './presets.ts'
import { createRandom, type Random } from './random.ts'
import type { FractureType } from './study.ts'

export type PlannedFracture = {
  readonly level: Level
  readonly type: FractureType
  /** 0 barely visible .. 1 gross. */
  readonly severity: number
  readonly side: 1 | -1
}

/**
 * Weights that draw C1 to C7 so that, with NEIGHBOUR preferred, levels come out at RSNA's prevalences
 * (7.2, 14.1, 3.6, 5.3, 8.0, 13.7, 19.5 %). Fitted by fixed-point iteration over 400,000 draws.
 */
const LEVEL_WEIGHTS = [6.75, 14.76, 3.16, 5.03, 7.4, 12.74, 21.57]

/** How much likelier a level next to a fractured one is hit too. */
const NEIGHBOUR = 2.2

type Mix = Readonly<Partial<Record<FractureType, number>>>

/** Types by level, as weights; after descriptions of trauma series, not a fit. */
const TYPES: Readonly<Record<Level, Mix>> = {
  C1: { 'c1-ring': 0.74, facet: 0.16, transverse: 0.1 },
  C2: {
    'dens-ii': 0.35,
    'dens-iii': 0.24,
    'c2-pars': 0.22,
    teardrop: 0.07,
    lamina: 0.05,
    spinous: 0.03,
    transverse: 0.04,
  },
  C3: {
    compression: 0.14,
    burst: 0.05,
    teardrop: 0.14,
    facet: 0.25,
    lamina: 0.2,
    spinous: 0.1,
    transverse: 0.12,
  },
  C4: {
    compression: 0.17,
    burst: 0.07,
    teardrop: 0.13,
    facet: 0.25,
    lamina: 0.18,
    spinous: 0.08,
    transverse: 0.12,
  },
  C5: {
    compression: 0.2,
    burst: 0.1,
    teardrop: 0.14,
    facet: 0.23,
    lamina: 0.15,
    spinous: 0.08,
    transverse: 0.1,
  },
  C6: {
    compression: 0.18,
    burst: 0.08,
    teardrop: 0.1,
    facet: 0.24,
    lamina: 0.13,
    spinous: 0.15,
    transverse: 0.12,
  },
  C7: {
    compression: 0.16,
    burst: 0.05,
    teardrop: 0.05,
    facet: 0.16,
    lamina: 0.1,
    spinous: 0.25,
    transverse: 0.23,
  },
}

/** Body fractures exclude each other; so do the ways to break C2's neck. */
const EXCLUSIVE: readonly (readonly FractureType[])[] = [
  ['compression', 'burst', 'teardrop'],
  ['dens-ii', 'dens-iii', 'c2-pars', 'teardrop'],
  ['c1-ring', 'facet', 'transverse'],
]

function drawLevels(random: Random, weightsOfCounts: readonly number[]): Level[] {
  const count = random.pick([...weightsOfCounts.keys()], weightsOfCounts)
  const hit = new Set<number>()
  while (hit.size < count) {
    const weights = LEVEL_WEIGHTS.map((w, i) =>
      hit.has(i) ? 0 : w * (hit.has(i - 1) || hit.has(i + 1) ? NEIGHBOUR : 1),
    )
    hit.add(random.pick([0, 1, 2, 3, 4, 5, 6], weights))
  }
  return LEVELS.filter((_, i) => hit.has(i))
}

/** The fractures of one patient, without making the patient. */
export function samplePlan(options: {
  readonly seed: number
  readonly preset: PresetName
}): readonly PlannedFracture[] {
  const random = createRandom(options.seed).fork('plan')
  return drawLevels(random, PRESETS[options.preset].fracturedLevels).flatMap((level) => {
    const mix = TYPES[level]
    const names = Object.keys(mix) as FractureType[]
    const first = random.pick(
      names,
      names.map((n) => mix[n] ?? 0),
    )
    const banned = EXCLUSIVE.filter((group) => group.includes(first)).flat()
    const rest = names.filter((n) => n !== first && !banned.includes(n))
    const second =
      rest.length && random.chance(0.3)
        ? [
            random.pick(
              rest,
              rest.map((n) => mix[n] ?? 0),
            ),
          ]
        : []
    return [first, ...second].map((type) => ({
      level,
      type,
      severity: Math.max(0.03, Math.min(1, 0.45 + 0.24 * random.normal())),
      side: random.sign(),
    }))
  })
}
