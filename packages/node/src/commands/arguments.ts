import { FAMILIES, type FamilyName, NeckFracError } from '@neckfrac/core'
import { InvalidArgumentError, Option } from 'commander'

/** A whole number from 0 on the command line. */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0.')
  return Number(text)
}

/** Where synthetic patients' vertebrae come from. */
export const familyOption = (): Option =>
  new Option('--family <name>', 'generator of synthetic patients').choices(FAMILIES).default('parametric')

/** The same for commands that take several. */
export const familiesOption = (): Option =>
  new Option('--family <names>', `comma-separated: ${FAMILIES.join(', ')}`)
    .argParser(parseFamilies)
    .default(['parametric'], 'parametric')

function parseFamilies(text: string): FamilyName[] {
  return text.split(',').map((name) => {
    const family = FAMILIES.find((f) => f === name.trim())
    if (!family) throw new InvalidArgumentError(`"${name}" is not one of ${FAMILIES.join(', ')}.`)
    return family
  })
}

export const TEMPLATES =
  'folder of label maps (1-7 C1-C7, 8-19 T1-T12, as VerSe has them) for the families template and randomised'

/** The template family cannot do without label maps, and the parametric one cannot use them. */
export function requireTemplates(families: readonly FamilyName[], templates: string | undefined): void {
  if (families.includes('template') && templates === undefined)
    throw new NeckFracError('usage', '--family template needs --templates DIR')
  if (families.every((f) => f === 'parametric') && templates !== undefined)
    throw new NeckFracError('usage', '--templates DIR goes with --family template or randomised')
}
