import type { Random } from '../random.ts'
import type { Bend } from './bend.ts'
import { NODES, SHAPE, STEP_MM, smoothField } from './canvas.ts'

/** The head in its own axes: mm of the stencil's size from C1's canal, to the back and up, nodding against the spine. */
export type Head = {
  readonly paint: (hu: Float32Array) => void
  /** What the skull encloses. */
  readonly inside: (n: number) => boolean
  /** Whether a node is skull: it may touch C1. */
  readonly isSkull: (n: number) => boolean
  /** Whether a node lies in head or face, skin included. */
  readonly covers: (n: number) => boolean
  /** Height of the skull base above C1, mm. */
  readonly basionMm: number
}

const radians = (degrees: number) => (degrees * Math.PI) / 180
const square = (v: number) => v * v

/** Skull base, vault, face and jaw, each as a rough shape of any size, place and density. */
export function drawHead(
  { back, left, down, size }: Bend,
  densMm: number,
  air: number,
  random: Random,
): Head {
  const nod = radians(random.range(-14, 14))
  const [cos, sin] = [Math.cos(nod), Math.sin(nod)]
  const y = (n: number) => (back[n] / size.y) * cos - (down[n] / size.z) * sin
  const z = (n: number) => -(down[n] / size.z) * cos - (back[n] / size.y) * sin
  const x = (n: number) => left[n] / size.x

  // Basion and opisthion are the front and back of the foramen magnum.
  const basion = { y: random.range(-15, -9), z: -densMm + random.range(3, 9) }
  const foramen = { length: random.range(30, 40), width: random.range(0.38, 0.46) }
  const opisthion = { y: basion.y + foramen.length, z: basion.z + random.range(-7, 5) }
  const shellMm = random.range(5, 10)
  const vault = { y: random.range(85, 100), x: random.range(66, 80), z: random.range(62, 78) }
  const middle = {
    y: basion.y + foramen.length / 2 + random.range(-28, -8),
    z: basion.z + vault.z - random.range(2, 12),
  }
  const clivus = {
    cos: 0,
    sin: 0,
    length: random.range(35, 50),
    thick: random.range(5, 10),
    half: random.range(12, 18),
  }
  const slope = radians(random.range(35, 65))
  clivus.cos = Math.cos(slope)
  clivus.sin = Math.sin(slope)
  const frontBase = basion.z + random.range(30, 45)
  const petrous = {
    deep: random.range(7, 12),
    z: basion.z + random.range(10, 18),
    high: random.range(8, 13),
  }
  const condyleX = random.range(15, 19)
  const sphenoidMm = random.range(12, 28)
  const palate = random.chance(0.9)
    ? { z: basion.z - random.range(-6, 12), half: random.range(1.5, 3) }
    : { z: 0, half: -1 }
  const arch = {
    radius: random.range(38, 46),
    half: random.range(4, 7),
    z: basion.z - random.range(30, 50),
    slope: random.range(-0.5, 0.1),
    high: random.range(8, 13),
    marrow: random.chance(0.7),
  }
  const teeth = {
    radius: random.range(34, 42),
    z: basion.z - random.range(12, 30),
    high: random.range(6, 12),
    hu: random.range(700, 2500),
    shown: random.chance(0.8),
  }
  const hu = {
    brain: random.range(20, 50),
    bone: random.range(500, 1100),
    diploe: random.range(200, 500),
    clivus: random.range(100, 400),
    jaw: random.range(600, 1300),
    marrow: random.range(100, 400),
  }
  const face = smoothField(random, 9)
  const cells = { air: random.range(0.2, 0.8), bone: -random.range(0.7, 1.2) }
  const grain = smoothField(random, 8, 0.25)
  const hasSinus = random.chance(0.75)

  /** Below 1 in the vault. */
  const vaultAt = (u: number, v: number, w: number) =>
    Math.sqrt(square((u - middle.y) / vault.y) + square(v / vault.x) + square((w - middle.z) / vault.z))
  /** Height above the floor of the posterior fossa, which runs from basion to opisthion. */
  const aboveFloor = (u: number, w: number) =>
    w -
    (basion.z + opisthion.z) / 2 -
    ((u - basion.y - foramen.length / 2) * (opisthion.z - basion.z)) / foramen.length
  const skull = new Uint8Array(NODES)

  const paint = (image: Float32Array) => {
    for (let n = 0; n < NODES; n++) {
      const [u, v, w] = [y(n), Math.abs(x(n)), z(n)]
      if (w < basion.z - 100) continue
      const e = vaultAt(u, v, w)
      const depth = (1 - e) * vault.z
      const inForamen =
        square((u - basion.y - foramen.length / 2) / (foramen.length / 2)) +
          square(v / (foramen.width * foramen.length)) <
        1
      const along = -(u - basion.y) * clivus.cos + (w - basion.z) * clivus.sin
      const before = -(u - basion.y) * clivus.sin - (w - basion.z) * clivus.cos
      const floor = aboveFloor(u, w)
      const underFloor = floor < -0.45 * shellMm && u > basion.y && u < opisthion.y + 22
      const cranial =
        e < 1 && (u >= basion.y || (before < 0 && (along < clivus.length || w > frontBase))) && !underFloor
      const shell =
        Math.abs(depth - shellMm / 2) < shellMm / 2 &&
        !inForamen &&
        (u > basion.y || w > frontBase) &&
        !(underFloor && v < 30)
      const isFloor =
        Math.abs(floor) < 0.45 * shellMm &&
        !inForamen &&
        v < 45 &&
        u > basion.y - 2 &&
        u < opisthion.y + 25 &&
        e < 1.02
      const thick = clivus.thick * (1 + 0.8 * Math.max(0, Math.min(1, along / clivus.length)))
      const isClivus =
        along > 0 && along < clivus.length && before > -1 && before < thick && v < clivus.half + 0.3 * along
      const isPetrous =
        v > 14 &&
        v < 60 &&
        Math.abs(u - (basion.y - 5) - 0.3 * Math.abs(v - 25)) < petrous.deep &&
        Math.abs(w - petrous.z) < petrous.high
      const isCondyle =
        square((v - condyleX) / 7) + square((u - basion.y - 7) / 12) + square((w - basion.z + 4) / 8) < 1
      const isFrontBase = u < basion.y - 8 && Math.abs(w - frontBase) < 3 && e < 1 && v < 50
      const inFace = u < basion.y - 18 && w > basion.z - 8 && w < frontBase && u > -95 && v < 45
      const isPalate =
        Math.abs(w - palate.z) < palate.half && u < basion.y - 35 && u > basion.y - 85 && v < 20
      const isBase = isClivus || isPetrous || isCondyle || isFrontBase || shell || isFloor
      let value = image[n]
      if (cranial) value = hu.brain
      if (inFace && face[n] > cells.air) value = air
      if (
        hasSinus &&
        along > 0.4 * clivus.length &&
        along < 1.1 * clivus.length &&
        before > thick - 1 &&
        before < sphenoidMm &&
        v < 15
      )
        value = air
      if (isBase || isPalate || (inFace && face[n] < cells.bone)) value = hu.bone * (1 + grain[n])
      if (shell && Math.abs(depth - shellMm / 2) < 0.2 * shellMm) value = hu.diploe
      if (isClivus && before > 2 && before < thick - 2.5) value = hu.clivus
      const fromArch = Math.abs(Math.hypot((u - basion.y + 42) * 0.85, v) - arch.radius)
      const arched = w - arch.z + (u - basion.y + 50) * arch.slope
      const isBody = fromArch < arch.half && u < basion.y - 42 && Math.abs(arched) < arch.high
      const isRamus =
        Math.abs(v - arch.radius) < 4 &&
        u > basion.y - 44 &&
        u < basion.y - 12 &&
        w < basion.z + 15 &&
        arched > -14
      if (isBody || isRamus) value = hu.jaw
      if (isBody && arch.marrow && Math.abs(arched) < 5) value = hu.marrow
      if (
        teeth.shown &&
        Math.abs(Math.hypot(u - basion.y + 50, 1.1 * v) - teeth.radius) < 5 &&
        u < basion.y - 50 &&
        Math.abs(w - teeth.z) < teeth.high
      )
        value = teeth.hu * (1 + 1.2 * grain[n])
      image[n] = value
      if (isBase) skull[n] = 1
    }
  }
  return {
    paint,
    inside: (n) => vaultAt(y(n), x(n), z(n)) < 1,
    isSkull: (n) => skull[n] === 1,
    covers: (n) => {
      const [u, v, w] = [y(n), x(n), z(n)]
      return (
        square((u - middle.y) / (vault.y + 7)) +
          square(v / (vault.x + 6)) +
          square((w - middle.z) / (vault.z + 7)) <
          1 || square((u - basion.y + 38) / 62) + square(v / 60) + square((w - basion.z + 5) / 65) < 1
      )
    },
    basionMm: basion.z,
  }
}

/** Streaks of metal between the teeth: fans of any number of rays, in some slices. */
export function drawStreaks(hu: Float32Array, { c1 }: Bend, random: Random): void {
  const [, rows, columns] = SHAPE
  const [at, reach] = [c1.z - random.range(-5, 35), random.range(3, 10)]
  const [x0, amount] = [random.range(-20, 20), random.range(80, 400)]
  const [rays, phase] = [Math.floor(random.range(10, 40)), random.range(0, 6)]
  for (let k = 0; k < SHAPE[0]; k++) {
    if (Math.abs(k * STEP_MM - at) >= reach) continue
    for (let j = 0; j < rows; j++)
      for (let i = 0; i < columns; i++) {
        const angle = Math.atan2(j * STEP_MM - 40, (i - (columns - 1) / 2) * STEP_MM - x0)
        hu[(k * rows + j) * columns + i] += amount * Math.sin(angle * rays + phase)
      }
  }
}
