import { describe, expect, test } from 'vitest'
import { LEVELS, type Level } from '../../levels.ts'
import { fetch } from '../anatomy/lattice.ts'
import { buildVertebrae, landmarksOf } from '../anatomy/parts.ts'
import { VERTEBRAE } from '../anatomy/spine.ts'
import { createRandom } from '../random.ts'
import type { FractureType } from '../study.ts'
import { createProbe, probe } from './injury.ts'
import { buildLesions, gatherInjuries } from './wound.ts'

const CASES: readonly (readonly [Level, FractureType])[] = [
  ['C1', 'c1-ring'],
  ['C1', 'c1-arch'],
  ['C1', 'facet'],
  ['C2', 'dens-ii'],
  ['C2', 'dens-iii'],
  ['C2', 'c2-pars'],
  ['C2', 'c2-body'],
  ['C2', 'extension-teardrop'],
  ['C4', 'compression'],
  ['C5', 'burst'],
  ['C5', 'teardrop'],
  ['C6', 'facet'],
  ['C6', 'lamina'],
  ['C7', 'spinous'],
  ['C7', 'transverse'],
]

const vertebrae = buildVertebrae(createRandom(4))
const marks = landmarksOf(vertebrae)

/** Walks a vertebra on a 1 mm grid and tells what the fracture did to its bone. */
function survey(level: Level, type: FractureType, severity: number) {
  const plan = [{ level, type, severity, side: 1 as const }]
  const lesions = buildLesions(plan, marks, createRandom(9))
  const injury = gatherInjuries({ plan, lesions, names: VERTEBRAE, changes: VERTEBRAE.map(() => []) }).get(
    level,
  )
  const bone = vertebrae[LEVELS.indexOf(level)].lattice(1)
  const out = createProbe()
  let lost = 0
  let dense = 0
  let marked = 0
  let markedFar = 0
  let solid = 0
  let nearest = 1e9
  const [cx, cy, cz] = lesions[0].centre
  for (let z = bone.origin[2]; z < bone.origin[2] + bone.nodes[2]; z++)
    for (let y = bone.origin[1]; y < bone.origin[1] + bone.nodes[1]; y++)
      for (let x = bone.origin[0]; x < bone.origin[0] + bone.nodes[0]; x++) {
        const before = fetch(bone, x, y, z)
        if (before < -0.5) solid++
        if (!injury) continue
        probe(injury, bone, x, y, z, out)
        if (before < -0.5 && out.sdf > 0.1) lost++
        if (out.addedHu > 60 && out.sdf < 0) dense++
        if (out.fracture < 0) continue
        marked++
        nearest = Math.min(nearest, Math.hypot(x - cx, y - cy, z - cz))
        if (out.sdf > 6) markedFar++
      }
  return { lost, dense, marked, markedFar, solid, nearest }
}

describe.each(CASES)('%s %s', (level, type) => {
  test('opens or crushes bone, marks it, and leaves most of the bone in place', () => {
    const { lost, dense, marked, markedFar, solid, nearest } = survey(level, type, 0.6)
    expect(lost + dense).toBeGreaterThan(15)
    expect(marked).toBeGreaterThan(15)
    expect(markedFar).toBe(0)
    expect(nearest).toBeLessThan(2.5)
    expect(lost).toBeLessThan(solid * 0.5)
  })

  test('is worse when more severe', () => {
    const mild = survey(level, type, 0.15)
    const gross = survey(level, type, 0.9)
    expect(gross.lost + gross.dense).toBeGreaterThan(mild.lost + mild.dense)
  })
})
