import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Feedback,
  feedbackSchema,
  type LabelVolume,
  LEVELS,
  readNiftiLabels,
  writeNifti,
} from '@neckfrac/core'
import { z } from 'zod'
import { writeAtomically } from '../atomic-file.ts'
import { codeOf } from '../error-code.ts'

const lps = z.tuple([z.number(), z.number(), z.number()])
const place = z.looseObject({ centreLps: lps })

/** What the server reads back of a report; the page reads the rest. */
const keptReport = z.looseObject({
  schemaVersion: z.literal(1),
  source: z.string(),
  software: z.object({ version: z.string() }),
  studyInstanceUid: z.string(),
  seriesInstanceUid: z.string(),
  bundle: z.looseObject({
    name: z.string(),
    version: z.string(),
    trainedOn: z.string(),
    operatingPoint: z.string(),
    networks: z.record(z.string(), z.string()),
    operatingPoints: z.record(z.string(), z.unknown()).optional(),
  }),
  createdAt: z.string(),
  geometry: z.looseObject({ sliceCount: z.number() }),
  status: z.enum(['analysed', 'not-analysable']),
  patient: z.looseObject({
    probability: z.number().nullable(),
    call: z.enum(['fracture', 'no-fracture', 'not-assessable']),
  }),
  vertebrae: z.array(
    z.looseObject({
      level: z.enum(LEVELS),
      probability: z.number().nullable(),
      centreLps: lps.nullable(),
      box: place.nullable(),
      candidates: z.array(place).optional(),
    }),
  ),
  findings: z.array(
    z.object({ code: z.string(), severity: z.enum(['info', 'warning', 'blocking']), message: z.string() }),
  ),
  timingsMs: z.record(z.string(), z.number()),
})
export type KeptReport = z.infer<typeof keptReport>

/** The results of one study, a folder of their own: report.json, report.html, labels.nii, feedback.json. */
export type KeptResults = {
  save(results: { json: string; html: string; labels: LabelVolume | null }): Promise<KeptReport>
  /** null when nothing, or nothing that can be read, is there. */
  report(): Promise<KeptReport | null>
  file(name: 'report.json' | 'report.html'): Promise<Uint8Array>
  labels(): Promise<LabelVolume | null>
  feedback(): Promise<Feedback | null>
  saveFeedback(feedback: Feedback): Promise<void>
}

const orNull = (error: unknown): null => {
  if (codeOf(error) === 'ENOENT') return null
  throw error
}

/** @param folder Made at the first saving. */
export function openKeptResults(folder: string): KeptResults {
  const at = (name: string) => join(folder, name)
  return {
    async save({ json, html, labels }) {
      await mkdir(folder, { recursive: true })
      if (labels) await writeAtomically(at('labels.nii'), writeNifti(labels))
      await writeAtomically(at('report.html'), html)
      await writeAtomically(at('report.json'), json)
      return keptReport.parse(JSON.parse(json))
    },
    async report() {
      const text = await readFile(at('report.json'), 'utf8').catch(orNull)
      if (text === null) return null
      try {
        return keptReport.parse(JSON.parse(text))
      } catch {
        return null // made anew
      }
    },
    file: (name) => readFile(at(name)),
    async labels() {
      const bytes = await readFile(at('labels.nii')).catch(orNull)
      return bytes === null ? null : readNiftiLabels(bytes, 'labels.nii')
    },
    async feedback() {
      const text = await readFile(at('feedback.json'), 'utf8').catch(orNull)
      return text === null ? null : feedbackSchema.parse(JSON.parse(text))
    },
    async saveFeedback(feedback) {
      await mkdir(folder, { recursive: true })
      await writeAtomically(at('feedback.json'), `${JSON.stringify(feedback, null, 2)}\n`)
    },
  }
}
