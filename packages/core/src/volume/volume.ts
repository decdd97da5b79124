import type { Mat4 } from './geometry.ts'

/** Array extent, slowest axis first. */
export type Shape3 = readonly [z: number, y: number, x: number]

/** CT in Hounsfield units. data[z, y, x], x fastest; ijkToLps maps voxel centres (x, y, z) to LPS, mm. */
export type Volume = {
  readonly data: Int16Array
  readonly shape: Shape3
  readonly ijkToLps: Mat4
}

/** Vertebra labels on a grid, RSNA values: 0 background, 1-7 = C1-C7, 8-19 = T1-T12. Layout as Volume. */
export type LabelVolume = {
  readonly data: Uint8Array
  readonly shape: Shape3
  readonly ijkToLps: Mat4
}

/** Where to sample: as many voxels as shape says, at ijkToLps. */
export type Grid = { readonly shape: Shape3; readonly ijkToLps: Mat4 }
