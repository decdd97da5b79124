import { describe, expect, test } from 'vitest'
import { LEVELS, type Level } from '../../levels.ts'
import { buildVertebrae, landmarksOf } from '../anatomy/parts.ts'
import { REST, VERTEBRAE } from '../anatomy/spine.ts'
import type { PlannedLookAlike } from '../plan.ts'
import { createRandom } from '../random.ts'
import { createProbe, probe } from './injury.ts'
import { buildMimics, changesAt, gatherInjuries, remodel } from './wound.ts'

const CASES: readonly (readonly [Level, PlannedLookAlike['type']])[] = [
  ['C1', 'vascular-channel'],
  ['C4', 'vascular-channel'],
  ['C5', 'basivertebral-vein'],
  ['C1', 'nutrient-foramen'],
  ['C4', 'nutrient-foramen'],
  ['C5', 'anterior-osteophyte'],
  ['C6', 'uncinate-osteophyte'],
  ['C5', 'ossified-anterior-ligament'],
  ['C4', 'ossified-posterior-ligament'],
  ['C6', 'nuchal-ossicle'],
  ['C5', 'limbus-vertebra'],
  ['C2', 'healed-line'],
  ['C6', 'healed-line'],
  ['C1', 'atlas-cleft'],
  ['C2', 'dens-synchondrosis'],
  ['C4', 'neurocentral-synchondrosis'],
  ['C2', 'os-odontoideum'],
  ['C5', 'disc-vacuum'],
  ['C6', 'schmorl-node'],
]

const vertebrae = buildVertebrae(createRandom(4))
const marks = landmarksOf(vertebrae)
const EMPTY = {
  pieces: [],
  shattered: false,
  fissures: [],
  crushes: [],
  hollows: [],
  bands: [],
  gas: [],
  bounds: { min: [0, 0, 0], max: [0, 0, 0] },
} as const

/** Compares a vertebra with and without the look-alike on a 0.5 mm grid. */
function survey(level: Level, type: PlannedLookAlike['type'], severity: number) {
  const plan = [{ level, type, severity, side: 1 as const }]
  const mimics = buildMimics(plan, marks, REST.stepMm, createRandom(9))
  const i = LEVELS.indexOf(level)
  const changes = VERTEBRAE.map((_, n) => changesAt(plan, mimics, n))
  const injury = gatherInjuries({ plan: [], lesions: [], names: VERTEBRAE, changes }).get(level) ?? EMPTY
  const before = vertebrae[i].lattice(1)
  const after = remodel(
    vertebrae[i],
    changes[i].flatMap((c) => c.strokes),
  ).lattice(1)
  const [a, b] = [createProbe(), createProbe()]
  const { centre, radii } = mimics[0]
  let inside = 0
  let outside = 0
  let marked = 0
  const reach = radii.map((r) => 2 * r + 3)
  for (let z = -reach[2]; z <= reach[2]; z += 0.5)
    for (let y = -reach[1]; y <= reach[1]; y += 0.5)
      for (let x = -reach[0]; x <= reach[0]; x += 0.5) {
        const p = [centre[0] + x, centre[1] + y, centre[2] + z] as const
        probe(EMPTY, before, ...p, a)
        probe(injury, after, ...p, b)
        if (b.fracture >= 0) marked++
        // Bone that came or went, gas, or a dense line in bone.
        const differs = a.sdf < 0 !== b.sdf < 0 || b.gas > 0.5 || (b.sdf < 0 && b.addedHu > 60)
        if (!differs) continue
        const e = Math.hypot(x / (radii[0] + 1), y / (radii[1] + 1), z / (radii[2] + 1))
        if (e <= 1) inside++
        else outside++
      }
  return { inside, outside, marked }
}

describe.each(CASES)('%s %s', (level, type) => {
  test('shows where the truth will say, and is never marked as a fracture', () => {
    const { inside, outside, marked } = survey(level, type, 0.6)
    expect(inside).toBeGreaterThan(20)
    // A step shifts outlines far from its line.
    if (type !== 'healed-line') expect(outside).toBeLessThan(0.25 * inside)
    expect(marked).toBe(0)
  })
})
