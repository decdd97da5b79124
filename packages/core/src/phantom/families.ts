import { NeckFracError } from '../errors.ts'
import type { Solid } from './anatomy/landmarks.ts'
import { buildVertebrae } from './anatomy/parts.ts'
import { REST, type Rest } from './anatomy/spine.ts'
import type { Random } from './random.ts'

/**
 * Where a patient's vertebrae come from. parametric: formulas. template: an expert's label map, deformed.
 * randomised: as template, or as parametric where there is none, with tissues and scanners that no patient has.
 */
export const FAMILIES = ['parametric', 'template', 'randomised'] as const
export type FamilyName = (typeof FAMILIES)[number]

/** Name of the necks that teach the segmenter alone: no patients, so no command that judges takes them (`schematic/`). */
export const SCHEMATIC = 'schematic'

/** What a family decides of one patient: the vertebrae C1 to T12 and how they stand at rest. */
export type Anatomy = {
  readonly vertebrae: readonly Solid[]
  readonly rest: Rest
  /** Name of the label map; null when formulas made the vertebrae. */
  readonly template: string | null
}

/** A label map made ready for any number of patients. */
export type Template = {
  readonly name: string
  readonly deform: (random: Random) => Omit<Anatomy, 'template'>
}

export function drawAnatomy(family: FamilyName, templates: readonly Template[], random: Random): Anatomy {
  if (family === 'template' && templates.length === 0)
    throw new NeckFracError('usage', 'the template family needs at least one label map')
  if (family === 'parametric' || templates.length === 0)
    return { vertebrae: buildVertebrae(random), rest: REST, template: null }
  const { name, deform } = random.pick(templates)
  return { ...deform(random), template: name }
}
