import { z } from 'zod'
import { CROP } from '../classify/crop.ts'
import { LEVELS, type Level } from '../levels.ts'
import { SEGMENT_SPACING_MM } from '../segment/grid.ts'

const flag = z.union([z.literal(0), z.literal(1)])
const levels = z.object(Object.fromEntries(LEVELS.map((l) => [l, flag])) as Record<Level, typeof flag>)

const study = z.object({
  uid: z.string(),
  origin: z.enum(['phantom', 'dicom']),
  /** SHA-256 of the HU on the segmentation grid and of where the source's voxels lie. */
  sourceHash: z.string(),
  /** Follows from the uid alone, so that a study keeps its fold when others come or go. */
  fold: z.number().int().min(0),
  fractured: levels,
  patientOverall: flag,
  /** Paths of `.npy` files relative to the index. */
  segment: z.object({ image: z.string(), label: z.string().nullable() }).nullable(),
  crops: z
    .object({
      image: z.string(),
      mask: z.string(),
      heat: z.string(),
      levels: z.array(z.enum(LEVELS)),
      placesKnown: z.array(z.boolean()),
    })
    .nullable(),
  /** What was repaired or left out, for a reader. */
  notes: z.array(z.string()),
  /** Fractures of a phantom. */
  truth: z
    .object({
      seed: z.number().int(),
      preset: z.string(),
      family: z.string().default('parametric'),
      /** Name of the label map that its vertebrae came from. */
      template: z.string().nullable().default(null),
      fractures: z.array(
        z.object({
          level: z.enum(LEVELS),
          type: z.string(),
          severity: z.number(),
          centreLps: z.array(z.number()),
        }),
      ),
      /** What the scanner was set to, for break-downs. */
      scan: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
})
/** Where studies came from, so that they can be prepared again. */
const source = z.union([
  z.object({
    kind: z.literal('phantoms'),
    studies: z.number().int(),
    seed: z.number().int(),
    preset: z.string(),
    family: z.string(),
    templates: z.string().optional(),
    bundle: z.string().optional(),
  }),
  z.object({
    kind: z.literal('schematic'),
    studies: z.number().int(),
    seed: z.number().int(),
    templates: z.string(),
  }),
  z.object({
    kind: z.literal('rsna'),
    folder: z.string(),
    bundle: z.string().optional(),
    predicted: z.boolean().optional(),
  }),
])
export type RecordedSource = z.infer<typeof source>

export type PreparedEntry = z.infer<typeof study>

/** The one file that training reads first. Its constants are those that made the arrays. */
export const preparedIndex = z.object({
  format: z.literal('neckfrac-prepared'),
  version: z.literal(1),
  folds: z.number().int().min(1),
  segment: z.object({ spacingMm: z.object({ x: z.number(), z: z.number(), y: z.number() }) }),
  crop: z.object({
    shape: z.array(z.number()),
    spacingMm: z.array(z.number()),
    huMin: z.number(),
    huMax: z.number(),
    heatStride: z.number(),
  }),
  /** Of all runs that filled the folder, oldest first. */
  sources: z.array(source).default([]),
  studies: z.array(study),
})
export type PreparedIndex = z.infer<typeof preparedIndex>

/** An index of the arrays that this version makes. */
export function createIndex(
  folds: number,
  studies: readonly PreparedEntry[],
  sources: readonly RecordedSource[] = [],
): PreparedIndex {
  return {
    format: 'neckfrac-prepared',
    version: 1,
    folds,
    segment: { spacingMm: SEGMENT_SPACING_MM },
    crop: { ...CROP, shape: [...CROP.shape], spacingMm: [...CROP.spacingMm] },
    sources: [...sources],
    studies: studies.map((s) => ({ ...s, fold: foldOf(s.uid, folds) })),
  }
}

/** Fold of a study, 0..folds-1: FNV-1a of its uid, finished as MurmurHash3 does because uids differ in their last digits. */
export function foldOf(uid: string, folds: number): number {
  let h = 0x811c9dc5
  for (const byte of new TextEncoder().encode(uid)) h = Math.imul(h ^ byte, 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return ((h ^ (h >>> 16)) >>> 0) % folds
}
