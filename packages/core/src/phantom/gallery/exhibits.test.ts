import { expect, test } from 'vitest'
import { INBORN, TYPES, WORN } from '../plan.ts'
import type { FractureType, LookAlikeType } from '../study.ts'
import { listFractures, listLookAlikes } from './exhibits.ts'

/** The compiler says when a type is missing here. */
const FRACTURES: Record<FractureType, true> = {
  'dens-ii': true,
  'dens-iii': true,
  'c1-ring': true,
  'c1-arch': true,
  'c2-pars': true,
  'c2-body': true,
  compression: true,
  burst: true,
  teardrop: true,
  'extension-teardrop': true,
  facet: true,
  lamina: true,
  spinous: true,
  transverse: true,
}
const LOOK_ALIKES: Record<LookAlikeType, true> = {
  'vascular-channel': true,
  'basivertebral-vein': true,
  'nutrient-foramen': true,
  'anterior-osteophyte': true,
  'uncinate-osteophyte': true,
  'ossified-anterior-ligament': true,
  'ossified-posterior-ligament': true,
  'nuchal-ossicle': true,
  'limbus-vertebra': true,
  'healed-line': true,
  'atlas-cleft': true,
  'dens-synchondrosis': true,
  'neurocentral-synchondrosis': true,
  'os-odontoideum': true,
  'disc-vacuum': true,
  'schmorl-node': true,
  'motion-step': true,
  streak: true,
}

test('every type is shown once', () => {
  expect(
    listFractures()
      .map((e) => e.type)
      .sort(),
  ).toEqual(Object.keys(FRACTURES).sort())
  expect(
    listLookAlikes()
      .map((e) => e.type)
      .sort(),
  ).toEqual(Object.keys(LOOK_ALIKES).sort())
})

test('at a level where it occurs', () => {
  for (const { type, level } of listFractures()) expect(TYPES[level][type as FractureType]).toBeGreaterThan(0)
  const chances: Record<string, readonly number[]> = { ...INBORN, ...WORN }
  for (const { type, level } of listLookAlikes())
    if (type in chances) expect(chances[type][Number(level[1]) - 1], type).toBeGreaterThan(0)
})
