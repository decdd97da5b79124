import { type Bounds, boundsLps, countedFrom, type Level, type Vec3 } from '@neckfrac/core'
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
export function placesOf({ vertebrae }: StudyReport, { ijkToLps }: Grid): ReadonlyMap<Level, Place> {
  return new Map(
    vertebrae.flatMap(({ level, box, candidates, centreLps }): [Level, Place][] => {
      const [candidate] = candidates ?? []
      if (candidate) {
        const { x, y, width, height, firstSlice, lastSlice } = candidate
        const bounds = boxBounds(ijkToLps, [x, y, firstSlice], [width, height, lastSlice - firstSlice + 1])
        return [[level, { level, centre: (box ?? candidate).centreLps, bounds }]]
      }
      if (box) {
        const bounds = boxBounds(ijkToLps, [box.x, box.y, box.sliceIndex], [box.width, box.height, 1])
        return [[level, { level, centre: box.centreLps, bounds }]]
      }
      return centreLps ? [[level, { level, centre: centreLps, bounds: null }]] : []
    }),
  )
}

/** Edges of a box of voxels in the patient; exact where the grid lies along the patient's axes. */
function boxBounds(ijkToLps: readonly number[], first: Vec3, [nx, ny, nz]: Vec3): Bounds {
  return boundsLps({ shape: [nz, ny, nx], ijkToLps: countedFrom(ijkToLps, first) }, 0.5)
}
