import { z } from 'zod'
import { NeckFracError } from '../errors.ts'
import defaults from './default-rules.json' with { type: 'json' }
import { PLANES } from './plane.ts'

/** Header fields that a site's own rules may look at. */
const FIELDS = [
  'seriesDescription',
  'studyDescription',
  'protocolName',
  'bodyPart',
  'kernel',
  'imageType',
  'sopClassUid',
] as const

/** What may decide between two series that can both be read. */
const PREFERENCE_NAMES = [
  'thin-enough',
  'plane',
  'original',
  'neck',
  'thinner',
  'bone',
  'finer',
  'more-slices',
] as const

/** A regular expression, upper and lower case alike. */
const pattern = z
  .string()
  .min(1)
  .max(200)
  .superRefine((text, context) => {
    try {
      new RegExp(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
    }
  })
const patterns = z.array(pattern)
const field = z.enum(FIELDS)
const sentence = z.string().min(1).max(200)

/** Rules that choose the series to read. Patterns of words match whole words, those of image types whole values. */
export const seriesRulesSchema = z.strictObject({
  /** Values of ImageType of pictures that are no slices of HU (PS3.3 C.7.6.1.1.2, C.8.2.1.1.1 and vendors' own). */
  imageTypesRejected: patterns,
  /** A site's own: a series whose field matches is not read, and `reason` is what is said. */
  reject: z.array(z.strictObject({ field, matches: pattern, reason: sentence })),
  /** Planes that are read, the best first. */
  planes: z.array(z.enum(PLANES)).min(1),
  minSlices: z.int().min(2),
  /** Along the body. Five vertebrae of about 15 mm and their discs take more; three take 60. */
  minLengthMm: z.number().positive(),
  /** Compared in this order; the first that differs decides. A site's own: series whose field matches come first. */
  prefer: z
    .array(
      z.union([z.enum(PREFERENCE_NAMES), z.strictObject({ field, matches: pattern, words: sentence })], {
        error: `expected one of ${PREFERENCE_NAMES.join(', ')}, or { field, matches, words }`,
      }),
    )
    .min(1),
  /** Upper ends of the classes inside which slices count as equally thin, mm; the last is "thin enough". */
  thicknessClassesMm: z
    .array(z.number().positive())
    .min(1)
    .refine((classes) => classes.every((mm, i) => i === 0 || mm > classes[i - 1]), {
      error: 'must rise',
    }),
  /** Words of body part, series description and protocol. Headers are often wrong: they order series, never reject. */
  neckWords: patterns,
  nearNeckWords: patterns,
  elsewhereWords: patterns,
  /** Bone and edge kernels of GE, Siemens, Philips, Canon and of anonymisers that keep words; match anywhere. */
  boneKernels: patterns,
  /** Words of the series description. */
  boneWords: patterns,
})

export type SeriesRules = Readonly<z.infer<typeof seriesRulesSchema>>

/**
 * A site's rules from the text of their JSON file. What it leaves out is as in default-rules.json; a "comment" is
 * ignored. @throws NeckFracError usage, which names the field
 */
export function parseSeriesRules(text: string, name = 'series rules'): SeriesRules {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new NeckFracError('usage', `${name}: no JSON: ${why}`, { cause })
  }
  const partial = seriesRulesSchema.partial().extend({ comment: z.string().optional() }).safeParse(given)
  if (!partial.success) {
    const issues = partial.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`)
    throw new NeckFracError('usage', `${name}: ${issues.join('; ')}`)
  }
  const { comment: _, ...rules } = partial.data
  return { ...defaultSeriesRules(), ...(rules as Partial<SeriesRules>) }
}

/** The rules that hold where a site has none of its own. */
export const defaultSeriesRules = (): SeriesRules => seriesRulesSchema.parse(defaults)
