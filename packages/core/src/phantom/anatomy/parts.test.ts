import { expect, test } from 'vitest'
import { invert, multiply } from '../../volume/geometry.ts'
import { createRandom } from '../random.ts'
import { type Bounds, fetch, sculpt } from './lattice.ts'
import { buildParts, buildVertebrae, firmAt, type Part } from './parts.ts'
import { add, carve, ellipsoid } from './shapes.ts'
import { planHead } from './skull.ts'
import { poseSpine, VERTEBRAE } from './spine.ts'

const UNHURT = { wedgeDeg: [], lossMm: [], slipMm: [0, 0, 0] } as const

/** Points of a that lie in b as well. */
function shared(a: Part, b: Part): number {
  const m = multiply(invert(b.pose), a.pose)
  const { data, nodes, origin, stepMm } = a.lattice
  let n = 0
  let both = 0
  for (let z = 0; z < nodes[2]; z++)
    for (let y = 0; y < nodes[1]; y++)
      for (let x = 0; x < nodes[0]; x++, n++) {
        if (data[n] > 0) continue
        const p = [origin[0] + x * stepMm, origin[1] + y * stepMm, origin[2] + z * stepMm]
        const at = (r: number) => m[4 * r] * p[0] + m[4 * r + 1] * p[1] + m[4 * r + 2] * p[2] + m[4 * r + 3]
        if (fetch(b.lattice, at(0), at(1), at(2)) < 0) both++
      }
  return both
}

function buildNeck(seed: number, view: Bounds = { min: [-100, -110, -130], max: [100, 90, 90] }): Part[] {
  const random = createRandom(seed)
  return buildParts({
    spine: poseSpine(random.fork('spine'), UNHURT),
    vertebrae: buildVertebrae(random.fork('vertebrae')),
    head: planHead(random.fork('head')),
    armsUp: false,
    view,
    stepMm: 1.2,
    random: random.fork('parts'),
  })
}

test('firm bone is the dens, C1 and what lies behind the bodies, whatever is in view', () => {
  const parts = buildNeck(1)
  const share = (name: string, y: number, z: number) => {
    const firm = parts.find((p) => p.name === name)?.firm
    if (!firm) throw new Error(`${name} has no firm bone`)
    return firmAt(firm, y, z)
  }
  expect(share('C2', 1, 20)).toBe(1)
  expect(share('C2', 0, 0)).toBe(0)
  expect(share('C1', -10, 0)).toBe(1)
  expect(share('C5', 0, 0)).toBe(0)
  expect(share('C5', 12, -2)).toBe(1)
  expect(share('C5', 45, -10)).toBe(0)
  const looks = (all: Part[]) => new Map(all.map(({ name, bone, firm }) => [name, { bone, firm }]))
  const whole = looks(parts)
  const low = looks(buildNeck(1, { min: [-60, -60, -130], max: [60, 60, -60] }))
  expect(low.has('C1')).toBe(false)
  const shown = VERTEBRAE.filter((name) => low.has(name))
  expect(shown.length).toBeGreaterThan(1)
  for (const name of shown) expect(low.get(name), name).toEqual(whole.get(name))
})

test('neighbouring bones never fuse, however the neck is bent', () => {
  for (const seed of [1, 2, 3]) {
    const parts = buildNeck(seed)
    const named = (name: string) => parts.find((p) => p.name === name)
    const chain = ['skull', ...VERTEBRAE.slice(0, 9)]
    for (let i = 1; i < chain.length; i++) {
      const a = named(chain[i - 1])
      const b = named(chain[i])
      if (!a || !b) throw new Error(`${chain[i - 1]} or ${chain[i]} is missing`)
      expect(shared(a, b), `${a.name} in ${b.name}, seed ${seed}`).toBe(0)
    }
  }
})

test('a sculpted ball has the distances of a ball', () => {
  const ball = sculpt(
    [add(ellipsoid([1, 2, 3], [10, 10, 10]), 0.1), carve(ellipsoid([1, 2, 13], [3, 3, 3]), 0.1)],
    1,
  )
  expect(fetch(ball, 11, 2, 3)).toBeCloseTo(0, 1)
  expect(fetch(ball, 13, 2, 3)).toBeCloseTo(2, 1)
  expect(fetch(ball, 1, 2, -5)).toBeCloseTo(-2, 1)
  expect(fetch(ball, 1, 2, 12)).toBeGreaterThan(1.5)
})
