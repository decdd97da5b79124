import { NeckFracError } from '../../errors.ts'
import { invert, type Mat4, spacingMm, transform, type Vec3 } from '../../volume/geometry.ts'
import type { LabelVolume } from '../../volume/volume.ts'
import type { Landmarks } from '../anatomy/landmarks.ts'
import type { Lattice } from '../anatomy/lattice.ts'
import { VERTEBRAE } from '../anatomy/spine.ts'
import type { Template } from '../families.ts'
import { closeArch } from './arch.ts'
import { cloudsOf } from './cloud.ts'
import { deform } from './deform.ts'
import { directionAt, findAtlasFrame, findAxisFrame, findFrame, localise, traceCanal } from './frame.ts'
import { measureLandmarks } from './measure.ts'
import { buildSolid } from './solid.ts'

/** A vertebra of the label map in its own frame. `growth` enlarges it: what the map lacks is made from its lowest. */
export type Cast = { readonly lattice: Lattice; readonly marks: Landmarks; readonly growth: number }

export type Mould = {
  readonly casts: readonly Cast[]
  /** From the map's vertebrae to LPS; those made from the lowest have none. */
  readonly frames: readonly Mat4[]
  /** From each vertebra's centre down to the next, in its own frame (C1: in C2's), mm; negative of the step up. */
  readonly stepMm: readonly Vec3[]
  readonly leanDeg: readonly number[]
}

/** Growth of vertebrae downwards, a level, below the lowest of a map: bodies of T5 to T12 in the parametric family. */
const GROWTH = 1.022

/**
 * Turns an expert's label map (1-7 C1-C7, 8-19 T1-T12, any orientation and spacing) into a template.
 * @throws NeckFracError input when a vertebra from C1 to T1 is missing, cut off, or cannot be understood
 */
export function buildTemplate(labels: LabelVolume, name: string): Template {
  const mould = castMould(labels, name)
  return { name, deform: (random) => deform(mould, random) }
}

/** Vertebrae that a map must show whole: C1 to T1. Below, it may end anywhere. */
const NEEDED = 8

const refuse = (name: string, why: string) =>
  new NeckFracError('input', `${name} cannot be a template: ${why}. Templates show all of C1 to T1.`)

/** Says without the work of building whether a map shows what a template needs. @throws NeckFracError input */
export function checkTemplate(labels: LabelVolume, name: string): void {
  const { voxels, cut } = extentOf(labels)
  const mm3 = voxelMm3(labels)
  for (let label = 1; label <= NEEDED; label++) {
    const level = VERTEBRAE[label - 1]
    if (voxels[label] * mm3 < SMALLEST_MM3) throw refuse(name, `it has no ${level}`)
    if (cut[label]) throw refuse(name, `its edge cuts ${level}`)
  }
}

export function castMould(labels: LabelVolume, name: string): Mould {
  checkTemplate(labels, name)
  const { voxels, cut } = extentOf(labels)
  const clouds = cloudsOf(labels)
  const course = traceCanal(clouds)
  const frames: Mat4[] = []
  const casts: Cast[] = []
  for (const [index, level] of VERTEBRAE.entries()) {
    const cloud = clouds.get(index + 1)
    if (!cloud || voxels[index + 1] * voxelMm3(labels) < SMALLEST_MM3 || cut[index + 1]) break
    const up = directionAt(course, index + 1)
    const frame = (index === 0 ? findAtlasFrame : index === 1 ? findAxisFrame : findFrame)(cloud, up)
    if (!frame) {
      if (index < NEEDED) throw refuse(name, `${level} has no canal that could be found`)
      break
    }
    const local = localise(cloud, frame)
    frames.push(frame)
    const lattice = buildSolid(labels, index + 1, frame, local)
    if (index === 0) closeArch(lattice, local)
    casts.push({
      lattice,
      marks: measureLandmarks(local, index),
      growth: 1,
    })
  }
  const leanDeg = frames.map((m) => (Math.atan2(-m[6], m[10]) * 180) / Math.PI)
  const stepMm = frames.slice(1).map((below, i) => {
    const carrier = frames[i === 0 ? 1 : i]
    const origin = transform(invert(carrier), transform(frames[i], [0, 0, 0]))
    const foot = transform(invert(carrier), transform(below, [0, 0, 0]))
    return origin.map((v, k) => v - foot[k]) as unknown as Vec3
  })
  return extended({ casts, frames, stepMm, leanDeg })
}

/** Smaller than any vertebra, mm3. */
const SMALLEST_MM3 = 2000

const voxelMm3 = ({ ijkToLps }: LabelVolume): number => spacingMm(ijkToLps).reduce((p, v) => p * v, 1)

/** Number of voxels of each label, and whether the map's edge cuts it. */
function extentOf({ data, shape: [nz, ny, nx] }: LabelVolume): { voxels: number[]; cut: boolean[] } {
  const voxels = new Array<number>(256).fill(0)
  const cut = new Array<boolean>(256).fill(false)
  let n = 0
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++) {
      const edge = z === 0 || z === nz - 1 || y === 0 || y === ny - 1
      for (let x = 0; x < nx; x++, n++) {
        voxels[data[n]]++
        if (edge || x === 0 || x === nx - 1) cut[data[n]] = true
      }
    }
  return { voxels, cut }
}

/** Lower vertebrae made from the lowest, leaning back as the parametric ones do. */
function extended({ casts, frames, stepMm, leanDeg }: Mould): Mould {
  const all = { frames, casts: [...casts], stepMm: [...stepMm], leanDeg: [...leanDeg] }
  while (all.casts.length < VERTEBRAE.length) {
    const last = all.casts[all.casts.length - 1]
    const [, , rise] = all.stepMm[all.stepMm.length - 1]
    all.casts.push({ ...last, growth: last.growth * GROWTH })
    all.stepMm.push([0, 0, rise * GROWTH])
    all.leanDeg.push(all.leanDeg[all.leanDeg.length - 1] - 3)
  }
  return all
}
