import { uidOf } from './uid.ts'

/** Who wrote a file (PS3.10 7.1): the program's own identity, not that of a study. */
export const IMPLEMENTATION_UID = uidOf('neckfrac')
export const IMPLEMENTATION_VERSION_NAME = 'NECKFRAC'
