import { LEVELS, type Level } from '../levels.ts'
import { PRESETS, type PresetName } from './presets.ts'
import { createRandom, type Random } from './random.ts'
import type { FractureType, LookAlikeType } from './study.ts'

export type PlannedFracture = {
  readonly level: Level
  readonly type: FractureType
  /** 0 barely visible .. 1 gross. */
  readonly severity: number
  readonly side: 1 | -1
}

/** A finding that is no fracture, before the patient is made. */
export type PlannedLookAlike = {
  readonly level: Level
  readonly type: Exclude<LookAlikeType, 'motion-step' | 'streak'>
  /** 0 hardly visible .. 1 conspicuous. */
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
export const TYPES: Readonly<Record<Level, Mix>> = {
  C1: { 'c1-ring': 0.46, 'c1-arch': 0.3, facet: 0.15, transverse: 0.09 },
  C2: {
    'dens-ii': 0.33,
    'dens-iii': 0.2,
    'c2-pars': 0.18,
    'c2-body': 0.11,
    'extension-teardrop': 0.08,
    lamina: 0.05,
    spinous: 0.03,
    transverse: 0.04,
  },
  C3: {
    compression: 0.14,
    burst: 0.05,
    teardrop: 0.14,
    'extension-teardrop': 0.06,
    facet: 0.25,
    lamina: 0.2,
    spinous: 0.1,
    transverse: 0.12,
  },
  C4: {
    compression: 0.17,
    burst: 0.07,
    teardrop: 0.13,
    'extension-teardrop': 0.05,
    facet: 0.25,
    lamina: 0.18,
    spinous: 0.08,
    transverse: 0.12,
  },
  C5: {
    compression: 0.2,
    burst: 0.1,
    teardrop: 0.14,
    'extension-teardrop': 0.05,
    facet: 0.23,
    lamina: 0.15,
    spinous: 0.08,
    transverse: 0.1,
  },
  C6: {
    compression: 0.18,
    burst: 0.08,
    teardrop: 0.1,
    'extension-teardrop': 0.04,
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
  ['compression', 'burst', 'teardrop', 'extension-teardrop'],
  ['dens-ii', 'dens-iii', 'c2-pars', 'c2-body'],
  ['dens-iii', 'c2-body', 'extension-teardrop'],
  ['c1-ring', 'c1-arch', 'facet', 'transverse'],
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

/** Chance of each look-alike at C1 to C7; of those that come with age, in the oldest of patients. */
type Chances = readonly [c1: number, c2: number, c3: number, c4: number, c5: number, c6: number, c7: number]

/**
 * Present at any age. More often than in people where people rarely have them: a network must meet each a few hundred
 * times. Real shares: C1 cleft 4 %, os odontoideum 0.7 %, nuchal ossicle 11 %.
 */
export const INBORN: Readonly<Partial<Record<PlannedLookAlike['type'], Chances>>> = {
  'vascular-channel': [0.3, 0.35, 0.35, 0.35, 0.35, 0.35, 0.35],
  'basivertebral-vein': [0, 0, 0.55, 0.6, 0.6, 0.6, 0.6],
  'nutrient-foramen': [0.15, 0.25, 0.3, 0.3, 0.3, 0.3, 0.3],
  'atlas-cleft': [0.06, 0, 0, 0, 0, 0, 0],
  'dens-synchondrosis': [0, 0.25, 0, 0, 0, 0, 0],
  'neurocentral-synchondrosis': [0, 0.03, 0.03, 0.03, 0.03, 0.03, 0.03],
  'os-odontoideum': [0, 0.02, 0, 0, 0, 0, 0],
  'limbus-vertebra': [0, 0, 0.01, 0.02, 0.03, 0.03, 0.02],
  'schmorl-node': [0, 0.02, 0.04, 0.04, 0.05, 0.05, 0.05],
  'healed-line': [0.02, 0.04, 0.03, 0.03, 0.04, 0.05, 0.06],
}

/** Multiplied by the patient's wear, 0 in the young to 1. */
export const WORN: Readonly<Partial<Record<PlannedLookAlike['type'], Chances>>> = {
  'anterior-osteophyte': [0, 0.2, 0.3, 0.5, 0.8, 0.8, 0.5],
  'uncinate-osteophyte': [0, 0, 0.3, 0.45, 0.7, 0.7, 0.4],
  'ossified-anterior-ligament': [0, 0.05, 0.1, 0.15, 0.2, 0.2, 0.15],
  'ossified-posterior-ligament': [0, 0.03, 0.06, 0.1, 0.1, 0.08, 0.04],
  'nuchal-ossicle': [0, 0, 0.03, 0.08, 0.15, 0.2, 0.15],
  'disc-vacuum': [0, 0.02, 0.1, 0.15, 0.3, 0.35, 0.2],
}

/** What the breaking of a bone leaves no room for. */
const UNLIKELY: Readonly<Partial<Record<FractureType, readonly PlannedLookAlike['type'][]>>> = {
  'dens-ii': ['os-odontoideum', 'dens-synchondrosis'],
  'dens-iii': ['os-odontoideum', 'dens-synchondrosis'],
  'c1-ring': ['atlas-cleft'],
  'c1-arch': ['atlas-cleft'],
  'c2-body': ['os-odontoideum', 'dens-synchondrosis'],
  teardrop: ['limbus-vertebra'],
  'extension-teardrop': ['anterior-osteophyte'],
  compression: ['limbus-vertebra', 'schmorl-node'],
  burst: ['limbus-vertebra', 'schmorl-node', 'basivertebral-vein'],
}

/** The look-alikes of one patient: several in nearly everyone, beside fractures and in whole vertebrae alike. */
export function sampleLookAlikes(options: {
  readonly seed: number
  readonly plan: readonly PlannedFracture[]
}): readonly PlannedLookAlike[] {
  const random = createRandom(options.seed).fork('look-alikes')
  const wear = random.next() ** 1.5
  return LEVELS.flatMap((level, i) => {
    const banned = options.plan.filter((f) => f.level === level).flatMap((f) => UNLIKELY[f.type] ?? [])
    const draw = (table: typeof INBORN, factor: number) =>
      (Object.keys(table) as PlannedLookAlike['type'][]).flatMap((type): PlannedLookAlike[] => {
        const hit = random.chance((table[type]?.[i] ?? 0) * factor)
        const severity = Math.max(0.05, Math.min(1, 0.45 + 0.27 * random.normal()))
        const side = random.sign()
        return hit && !banned.includes(type) ? [{ level, type, severity, side }] : []
      })
    return [...draw(INBORN, 1), ...draw(WORN, wear)]
  })
}
