import { z } from 'zod'
import { LEVELS } from '../levels.ts'

const tensor = z.looseObject({
  name: z.string(),
  /** A name stands for an axis of any length. */
  shape: z.array(z.union([z.number().int().positive(), z.string()])),
  dtype: z.literal('float32'),
})

/** What is checked and used of a network's entry; the exporter also writes channels, ranges, spacings and training. */
const network = z.looseObject({
  file: z.string().regex(/^[\w.-]+\.onnx$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number().int().positive(),
  inputs: z.array(tensor),
  outputs: z.array(tensor),
})

const probability = z.number().min(0).max(1)
const columns = [...LEVELS, 'patient'] as const
const perColumn = <T extends z.ZodType>(value: T) =>
  z.object(Object.fromEntries(columns.map((c) => [c, value])) as Record<(typeof columns)[number], T>)

/** A probability at or above its threshold is called a fracture. */
const thresholds = perColumn(probability)
export type Thresholds = z.infer<typeof thresholds>

/** Logits by level; a level that was never seen has none. */
const logits = z.partialRecord(z.enum(LEVELS), z.number())
export type LevelLogits = z.infer<typeof logits>

/** A share with its 95 % Wilson interval. */
const share = z.object({ value: probability, low: probability, high: probability })

/** What a threshold reached on the cases that it was chosen on: optimistic by its choice, and loose when they are few. */
const reached = z.object({
  positives: z.number().int().min(0),
  negatives: z.number().int().min(0),
  /** null without positives, or without negatives. */
  sensitivity: share.nullable(),
  specificity: share.nullable(),
  /** Whether too few cases of its own fixed it: then it follows the other levels' as well. */
  few: z.boolean(),
})
export type Reached = z.infer<typeof reached>

const operatingPoint = z.object({
  /** What it aims at, in words. */
  aim: z.string(),
  thresholds,
  /** What it was chosen on. */
  tunedOn: z.string(),
  reached: perColumn(reached),
})
export type OperatingPoint = z.infer<typeof operatingPoint>

/** How scores become probabilities and calls; learned by `neckfrac calibrate` or `train` on studies that no network saw. */
export const decisionSchema = z.object({
  /** Share of Model I in the mean of the two logits. */
  sliceModelWeight: probability,
  /** Platt scaling of that mean: p = sigmoid(slope * logit + intercept). */
  calibration: z.object({ slope: z.number(), intercept: z.number() }),
  /** Name of the point in use. */
  operatingPoint: z.string(),
  /** Thresholds of the point in use. */
  thresholds,
  /** Every point that can be asked for, by name; bundles before 0.2 have none but the one in use. */
  operatingPoints: z.record(z.string(), operatingPoint).optional(),
  /** What it was learned on. */
  learnedOn: z.string(),
  /** Median logit of the ensemble over the vertebrae it was learned on; bundles before 0.6 have none. */
  medians: logits.optional(),
  /** By how much more the ensemble's logits are at one site, learned there without labels by `neckfrac calibrate --reports`. */
  site: z.object({ shift: logits, learnedOn: z.string() }).optional(),
})
export type Decision = z.infer<typeof decisionSchema>

/** manifest.json of a bundle. */
export const manifestSchema = z.looseObject({
  format: z.literal('neckfrac-bundle'),
  formatVersion: z.literal(1),
  name: z.string(),
  version: z.string(),
  /** For the report, e.g. "synthetic studies only". */
  trainedOn: z.string(),
  networks: z.object({ segmenter: network, slices: network, sequence: network }),
  decision: decisionSchema,
})
export type Manifest = z.infer<typeof manifestSchema>
export type NetworkName = keyof Manifest['networks']
export const NETWORK_NAMES = ['segmenter', 'slices', 'sequence'] as const satisfies readonly NetworkName[]

/** The part of a manifest that labels vertebrae: all that there is in the middle of a training. */
export const segmenterManifestSchema = z.looseObject({
  format: z.literal('neckfrac-bundle'),
  formatVersion: z.literal(1),
  networks: z.looseObject({ segmenter: network }),
})
