import { NeckFracError } from '@neckfrac/core'
import { z } from 'zod'

/** What the plan needs of a network's recipe; the trainer reads and checks the rest. */
const network = z.looseObject({
  minutes: z.number(),
  epochs: z.number(),
  steps_per_epoch: z.number(),
  batch: z.number(),
})

/** A recipe as the trainer's `plan` prints it, defaults filled in. Each field is explained in recipe.py. */
const recipeSchema = z.looseObject({
  name: z.string(),
  seed: z.number(),
  folds: z.array(z.number().int().min(0)).min(1),
  ship: z.enum(['fold', 'all']),
  masks: z.enum(['predicted', 'expert']),
  /** For experiments with one network; see `openTraining`. */
  held_out_family: z.string().default(''),
  segmenter: network,
  slices: network,
  sequence: network,
})
export type Recipe = z.infer<typeof recipeSchema>
export type NetworkRecipe = z.infer<typeof network>

const size = z.object({ weights: z.number(), samplesPerSecond: z.number().nullable() })
const machine = z.object({
  /** Name of the GPU, or "cpu". */
  device: z.string(),
  devices: z.number().int(),
  networks: z.object({ segmenter: size, slices: size, sequence: size }),
})
export type Machine = z.infer<typeof machine>

/** The machine is measured only where it is asked for: that takes seconds. */
const planSchema = z.object({ recipe: recipeSchema, machine: machine.optional() })
/** What the trainer says about a recipe on this machine. */
export type TrainerPlan = z.infer<typeof planSchema>

export function parseTrainerPlan(text: string): TrainerPlan {
  const parsed = planSchema.safeParse(JSON.parse(text))
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]
  throw new NeckFracError('usage', `The recipe's ${path.join('.')} cannot be used: ${message}`)
}
