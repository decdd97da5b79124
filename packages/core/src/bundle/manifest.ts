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
const perLevel = z.object(
  Object.fromEntries(LEVELS.map((l) => [l, probability])) as Record<
    (typeof LEVELS)[number],
    typeof probability
  >,
)

/** How scores become probabilities and calls; learned by `neckfrac calibrate` on studies that no network saw. */
export const decisionSchema = z.object({
  /** Share of Model I in the mean of the two logits. */
  sliceModelWeight: probability,
  /** Platt scaling of that mean: p = sigmoid(slope * logit + intercept). */
  calibration: z.object({ slope: z.number(), intercept: z.number() }),
  operatingPoint: z.string(),
  /** A probability at or above its threshold is called a fracture. */
  thresholds: perLevel.extend({ patient: probability }),
  /** What it was learned on. */
  learnedOn: z.string(),
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
