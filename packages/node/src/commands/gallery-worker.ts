import { drawExhibit, drawWholeNeck, type Exhibit, type FamilyName } from '@neckfrac/core'
import { openTemplates } from '../data-sets/templates.ts'
import { task } from '../pool.ts'

/** Draws one row of a contact sheet: a finding, or a whole neck when there is none. */
export const drawRow = task(
  (input: {
    readonly exhibit: Exhibit | null
    readonly seed: number
    readonly family: FamilyName
    /** Files of label maps. */
    readonly templates: readonly string[]
  }) => {
    const { exhibit, seed, family } = input
    const patient = { seed, family, templates: openTemplates(input.templates) }
    return exhibit ? drawExhibit(exhibit, patient) : drawWholeNeck(patient)
  },
)
