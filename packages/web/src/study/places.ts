import { type Bounds, boundsLps, countedFrom, type Level, suspiciousPlace, type Vec3 } from '@neckfrac/core'
import type { StudyReport } from '../studies/studies.ts'

/** Where "show me" leads: the most suspicious place of a vertebra, whatever its call. */
export type Place = {
  readonly level: Level
  readonly centre: Vec3
  /** Box around the finding, LPS, mm; null where the model gives none. */
  readonly bounds: Bounds | null
}

type Grid = { readonly ijkToLps: readonly number[] }

/** The best place of each vertebra that has one. */
export const placesOf = ({ vertebrae }: StudyReport, grid: Grid): ReadonlyMap<Level, Place> =>
  new Map(
    vertebrae.flatMap((vertebra): [Level, Place][] => {
      const { level } = vertebra
      const centre = suspiciousPlace(vertebra)
      return centre ? [[level, { level, centre, bounds: boundsOf(vertebra, grid) }]] : []
    }),
  )

/** Edges of the finding's box in the patient; exact where the grid lies along the patient's axes. */
function boundsOf({ box, candidates }: StudyReport['vertebrae'][number], { ijkToLps }: Grid): Bounds | null {
  const slab = candidates?.[0] ?? (box && { ...box, firstSlice: box.sliceIndex, lastSlice: box.sliceIndex })
  if (!slab) return null
  const { x, y, width, height, firstSlice, lastSlice } = slab
  const shape = [lastSlice - firstSlice + 1, height, width] as const
  return boundsLps({ shape, ijkToLps: countedFrom(ijkToLps, [x, y, firstSlice]) }, 0.5)
}
