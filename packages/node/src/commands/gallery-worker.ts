import { drawExhibit, type Exhibit, type FamilyName } from '@neckfrac/core'
import { openTemplates } from '../data-sets/templates.ts'
import { task } from '../pool.ts'

/** Draws one row of the contact sheet. */
export const drawRow = task(
  ({
    finding,
    templates,
    ...patient
  }: {
    readonly finding: Exhibit
    readonly seed: number
    readonly family: FamilyName
    /** Files of label maps. */
    readonly templates: readonly string[]
  }) => drawExhibit(finding, { ...patient, templates: openTemplates(templates) }),
)
