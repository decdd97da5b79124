import type { Value } from './elements.ts'

/** Values that say nothing, by VR; all fit PS3.5 6.2. */
const DUMMIES: Readonly<Record<string, string>> = {
  AE: 'ANONYMIZED',
  AS: '000Y',
  CS: 'ANONYMIZED',
  DA: '19000101',
  DS: '0 ',
  DT: '19000101000000',
  IS: '0 ',
  LO: 'ANONYMIZED',
  LT: 'ANONYMIZED',
  PN: 'ANONYMIZED',
  SH: 'ANONYMIZED',
  ST: 'ANONYMIZED',
  TM: '000000',
  UC: 'ANONYMIZED',
  UI: '2.25.0',
  UR: 'urn:anonymized',
  UT: 'ANONYMIZED',
}

/** Numbers become as many zeros. `length` is that of the value replaced, in bytes. */
export function dummyOf(vr: string, length: number): Value {
  const text = DUMMIES[vr]
  const bytes = text === undefined ? new Uint8Array(length) : new TextEncoder().encode(text)
  return { kind: 'bytes', bytes }
}
