import type { Vec3 } from '../../volume/geometry.ts'
import type { LabelVolume, Volume } from '../../volume/volume.ts'
import { createRandom, type Random } from '../random.ts'
import { signedDistance } from '../template/distance.ts'
import { acquire, CANVAS_TO_LPS } from './acquire.ts'
import { type Bend, drawBend } from './bend.ts'
import { forEachNode, NODES, SHAPE, STEP_MM, smoothField } from './canvas.ts'
import { drawHead, drawStreaks, type Head } from './head.ts'
import { STENCIL_STEP_MM, type Stencil } from './stencil.ts'
import { drawTrunk } from './trunk.ts'

const [NZ, NY, NX] = SHAPE
const COUNTS: Vec3 = [NX, NY, NZ]
/** T2 and lower; and the skull, which shows a segmenter in training where C1 begins. */
const LOWEST_CLASS = 9
const SKULL_CLASS = 10

/**
 * Images that teach a segmenter to count, not a patient: no fracture, nothing finer than 2 mm. Labels lie on a grid of
 * their own and are the segmenter's classes: 1-7 C1-C7, 8 T1, 9 lower, 10 skull.
 */
export type Schematic = { readonly volume: Volume; readonly labels: LabelVolume }

/**
 * A neck drawn with a stencil: an expert's vertebrae along a new curve, of any size and density, among rough shapes of
 * head and trunk in any grey that a CT may give them. The same seed gives the same bytes.
 */
export function synthesizeSchematic(stencil: Stencil, seed: number): Schematic {
  const random = createRandom(`schematic/${seed}`)
  const bend = drawBend(stencil, random.fork('bend'))
  const spine = trace(stencil, bend)
  const look = random.fork('tissue')
  const air = -1000 + look.range(0, 150)
  const head = drawHead(bend, stencil.densMm, air, random.fork('head'))
  const trunk = drawTrunk(bend, stencil, head.basionMm, air, random.fork('trunk'))

  const muscleHu = look.range(20, 90)
  const fatHu = look.range(-130, -70)
  const patches = smoothField(look, 10)
  smoothField(look, 24).forEach((v, n) => {
    patches[n] += v
  })
  const [mottle, fatty] = [look.range(2, 15), look.range(0.8, 2.2)]
  const hu = patches.map((v) => (v > fatty ? fatHu : muscleHu + mottle * v))
  head.paint(hu)
  trunk.paint(hu)
  const body = new Uint8Array(NODES)
  for (let n = 0; n < NODES; n++) body[n] = trunk.covers(n) || head.covers(n) ? 1 : 0
  paintSkin(hu, { body, patches, fatHu, inside: head.inside }, look)
  paintSpine(hu, { spine, head, muscleHu }, look)
  paintOutside(hu, body, bend, look)
  if (look.chance(0.2)) drawStreaks(hu, bend, look)
  const label = spine.label.map((v, n) => (v === 0 && head.isSkull(n) && body[n] ? SKULL_CLASS : v))
  return {
    volume: acquire(hu, random.fork('scanner')),
    labels: { data: label, shape: SHAPE, ijkToLps: CANVAS_TO_LPS },
  }
}

/** The stencil's tissues where a bend puts them: shares 0 to 1, and the class of each node. */
type Traced = {
  readonly label: Uint8Array
  readonly cortex: Float32Array
  readonly core: Float32Array
  readonly disc: Float32Array
  readonly canal: Float32Array
}

function trace(stencil: Stencil, { left, back, arc, size }: Bend): Traced {
  const { nodes, origin } = stencil
  const [nx, ny, ns] = nodes
  const plane = nx * ny
  const share = (data: Uint8Array, p: number, fx: number, fy: number, fs: number): number => {
    const row = (q: number) => data[q] + fx * (data[q + 1] - data[q])
    const near = row(p) + fy * (row(p + nx) - row(p))
    const far = row(p + plane) + fy * (row(p + plane + nx) - row(p + plane))
    return (near + fs * (far - near)) / 255
  }
  const empty = () => new Float32Array(NODES)
  const out = { label: new Uint8Array(NODES), cortex: empty(), core: empty(), disc: empty(), canal: empty() }
  for (let n = 0; n < NODES; n++) {
    const x = (left[n] / size.x - origin[0]) / STENCIL_STEP_MM
    const y = (back[n] / size.y - origin[1]) / STENCIL_STEP_MM
    const s = (arc[n] - origin[2]) / STENCIL_STEP_MM
    if (!(x >= 0 && y >= 0 && s >= 0 && x < nx - 1 && y < ny - 1 && s < ns - 1)) continue
    const near = (Math.round(s) * ny + Math.round(y)) * nx + Math.round(x)
    out.label[n] = Math.min(LOWEST_CLASS, stencil.label[near])
    const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(s)]
    const p = (k * ny + j) * nx + i
    out.cortex[n] = share(stencil.cortex, p, x - i, y - j, s - k)
    out.core[n] = share(stencil.core, p, x - i, y - j, s - k)
    out.disc[n] = share(stencil.disc, p, x - i, y - j, s - k)
    out.canal[n] = share(stencil.canal, p, x - i, y - j, s - k)
  }
  return out
}

/** Fat below the skin, of any depth. */
function paintSkin(
  hu: Float32Array,
  {
    body,
    patches,
    fatHu,
    inside,
  }: { body: Uint8Array; patches: Float32Array; fatHu: number; inside: Head['inside'] },
  random: Random,
): void {
  const depth = signedDistance(body, COUNTS, [STEP_MM, STEP_MM, STEP_MM])
  const [fatMm, skinHu] = [random.range(2, 14), random.range(-20, 40)]
  for (let n = 0; n < NODES; n++) {
    if (-depth[n] < fatMm && hu[n] > -200 && hu[n] < 120 && !inside(n)) hu[n] = fatHu + 5 * patches[n]
    if (-depth[n] < 2.5 && hu[n] < -50 && hu[n] > -300) hu[n] = skinHu
  }
}

/** Canal, discs and bone, over what was there; no other dense thing touches a vertebra but the skull. */
function paintSpine(
  hu: Float32Array,
  { spine, head, muscleHu }: { spine: Traced; head: Head; muscleHu: number },
  random: Random,
): void {
  const { label, cortex, core, disc, canal } = spine
  const bone = cortex.map((v, n) => Math.min(1, v + core[n]))
  const value = {
    canal: random.range(5, 45),
    disc: random.range(50, 140),
    cortex: random.range(500, 1300),
    core: random.range(120, 480),
  }
  const grain = smoothField(random, 8, random.range(0, 0.25))
  const uneven = smoothField(random, 30)
  const unevenness = random.range(0, 0.25)
  for (let n = 0; n < NODES; n++) {
    if (hu[n] > 110 && !(head.isSkull(n) && label[n] === 0) && besideBone(bone, n)) hu[n] = muscleHu
    hu[n] += canal[n] * (value.canal - hu[n])
    hu[n] += disc[n] * (value.disc - hu[n])
    const dense = cortex[n] * value.cortex + core[n] * value.core * (1 + grain[n])
    const factor = 1 + unevenness * Math.max(-1.5, Math.min(1.5, uneven[n]))
    hu[n] = (hu[n] * (1 - bone[n]) + dense) * factor
  }
}

/** Whether a neighbour among 26 is bone. */
function besideBone(bone: Float32Array, n: number): boolean {
  for (let dz = -1; dz <= 1; dz++)
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++) if (bone[n + (dz * NY + dy) * NX + dx] > 0.3) return true
  return false
}

/** Air around the patient, and the table in half of the studies. */
function paintOutside(hu: Float32Array, body: Uint8Array, { c1 }: Bend, random: Random): void {
  const tableY = random.chance(0.5) ? c1.y + random.range(60, 80) : Number.POSITIVE_INFINITY
  const tableHu = random.range(-300, 300)
  forEachNode((n, _x, y) => {
    if (!body[n]) hu[n] = Math.abs(y * STEP_MM - tableY) < 4 ? tableHu : -1000
  })
}
