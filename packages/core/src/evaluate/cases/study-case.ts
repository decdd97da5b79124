import { z } from 'zod'
import { LEVELS } from '../../levels.ts'

/**
 * Box in the voxel space of its volume: x and y in pixels, z in slices; `from` the first corner, `to` the one beyond
 * the last voxel. Overlap of axis-parallel boxes does not depend on the size of a voxel.
 */
const box = z.object({
  from: z.tuple([z.number(), z.number(), z.number()]),
  to: z.tuple([z.number(), z.number(), z.number()]),
})
export type Box3 = z.infer<typeof box>

const level = z.enum(LEVELS)
const number = z.number()

const fracture = z.object({
  /** null when the data set does not say which vertebra a box belongs to. */
  level: level.nullable(),
  type: z.string().nullable(),
  /** 0 barely visible .. 1 gross. */
  severity: number.nullable(),
  box: box.nullable(),
})

const truth = z.object({
  fractured: z.object(
    Object.fromEntries(LEVELS.map((l) => [l, z.boolean()])) as Record<(typeof LEVELS)[number], z.ZodBoolean>,
  ),
  /** null when nobody said where the fractures are. */
  fractures: z.array(fracture).nullable(),
  /** What looks like a fracture and is none; null when nobody said. */
  lookAlikes: z.array(z.object({ type: z.string(), level: level.nullable() })).nullable(),
})

const vertebra = z.object({
  level,
  /** As reported. */
  probability: number,
  /** Logits of both models, from which another decision gives other probabilities. */
  scores: z.object({ slices: number, sequence: number }).nullable(),
  /** Suspicious places; `heat` times the probability is the score. null when the report has none. */
  candidates: z.array(z.object({ box, heat: number })).nullable(),
  /** Bounding box of the vertebra as it was labelled. */
  extent: box.nullable(),
})

/** How one vertebra in view, C1..C7 or T1 (labels 1-8), was labelled. */
const labelled = z.object({
  label: number,
  /** The label whose centre lies nearest, among those nearer to this vertebra than to any other; 0: none within 20 mm. */
  found: number,
  /** From the vertebra's centre to that of its own label, mm; null when that label is missing. */
  distanceMm: number.nullable(),
  /** Overlap of the masks on the segmenter's grid; null when only centres are known. */
  dice: number.nullable(),
})
export type LabelledVertebra = z.infer<typeof labelled>

/** All that an evaluation needs to know about one study: truth beside answer. One line of a cases file. */
export const studyCaseSchema = z.object({
  uid: z.string(),
  /** Generator family of a phantom; null for anything else. */
  family: z.string().nullable(),
  seed: number.nullable(),
  preset: z.string().nullable(),
  status: z.enum(['analysed', 'not-analysable', 'failed']),
  /** Why a study was not analysed: blocking findings, or the error. */
  reasons: z.array(z.string()),
  truth,
  scan: z.object({ sliceMm: number.nullable(), noiseHu: number.nullable(), kernel: z.string().nullable() }),
  vertebrae: z.array(vertebra),
  /** Of any fracture; null when nothing was judged. */
  patient: number.nullable(),
  labels: z.array(labelled).nullable(),
  /** Milliseconds in each stage; empty when not known. */
  timingsMs: z.record(z.string(), number),
})
export type StudyCase = z.infer<typeof studyCaseSchema>
export type CaseTruth = StudyCase['truth']
export type JudgedVertebra = StudyCase['vertebrae'][number]
