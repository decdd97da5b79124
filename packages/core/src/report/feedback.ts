import { z } from 'zod'
import { LEVELS, type Level } from '../levels.ts'

/** Longest comment that is kept, in characters: a paragraph, not a document. */
const LONGEST_COMMENT = 2000

const remark = z.object({
  verdict: z.enum(['agree', 'disagree', 'unsure']).nullable(),
  comment: z.string().max(LONGEST_COMMENT),
  /** What the reader had before the eyes. */
  shown: z.object({
    probability: z.number().min(0).max(1).nullable(),
    threshold: z.number().min(0).max(1),
    call: z.enum(['fracture', 'no-fracture', 'not-assessable']),
  }),
})

/** What a reader says of a study's results, level by level; kept with the study and exported as JSON. */
export const feedbackSchema = z.object({
  schemaVersion: z.literal(1),
  studyInstanceUid: z.string().max(1024),
  seriesInstanceUid: z.string().max(1024),
  /** Which model was judged, and at which operating point. */
  bundle: z.object({ name: z.string().max(200), version: z.string().max(200) }),
  operatingPoint: z.string().max(200),
  /** ISO 8601, UTC. */
  changedAt: z.iso.datetime(),
  patient: remark.nullable(),
  vertebrae: z.object(
    Object.fromEntries(LEVELS.map((level) => [level, remark.optional()])) as Record<
      Level,
      z.ZodOptional<typeof remark>
    >,
  ),
})
export type Feedback = z.infer<typeof feedbackSchema>
export type Remark = z.infer<typeof remark>
export type Verdict = NonNullable<Remark['verdict']>
