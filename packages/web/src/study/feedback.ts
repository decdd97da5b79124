import type { Level } from '@neckfrac/core'
import { useEffect, useRef, useState } from 'react'
import type { Feedback, OpenStudy, Remark, StudyReport, StudyService } from '../studies/studies.ts'

/** A comment is saved when the typing pauses. */
const SAVE_AFTER_MS = 600

export type FeedbackState = {
  readonly feedback: Feedback | null
  readonly saved: 'saved' | 'saving' | { readonly trouble: string }
  remark(level: Level, change: Partial<Pick<Remark, 'verdict' | 'comment'>>): void
}

/** What the reader says of the study, saved with it as it changes. */
export function useFeedback(study: OpenStudy, report: StudyReport, service: StudyService): FeedbackState {
  const [feedback, setFeedback] = useState(study.feedback)
  const [saved, setSaved] = useState<FeedbackState['saved']>('saved')
  const pending = useRef<Feedback | null>(null)

  const save = useRef(async () => {
    const next = pending.current
    if (next === null) return
    pending.current = null
    try {
      await service.saveFeedback(study.entry.id, next)
      if (pending.current === null) setSaved('saved')
    } catch (error) {
      setSaved({ trouble: error instanceof Error ? error.message : String(error) })
    }
  })
  useEffect(() => {
    if (feedback === study.feedback) return
    const timer = setTimeout(() => void save.current(), SAVE_AFTER_MS)
    return () => clearTimeout(timer)
  }, [feedback, study])
  // Whoever leaves the page before the pause is over leaves nothing behind.
  useEffect(() => () => void save.current(), [])

  return {
    feedback,
    saved,
    remark: (level, change) => {
      const next = withRemark(feedback, report, level, change)
      pending.current = next
      setSaved('saving')
      setFeedback(next)
    },
  }
}

/** The feedback with one vertebra's remark changed; an empty remark is taken out. */
export function withRemark(
  feedback: Feedback | null,
  report: StudyReport,
  level: Level,
  change: Partial<Pick<Remark, 'verdict' | 'comment'>>,
  now = new Date(),
): Feedback {
  const { probability, threshold, call } = report.vertebrae.find((v) => v.level === level)!
  const before = feedback?.vertebrae[level]
  const remark: Remark = {
    verdict: before?.verdict ?? null,
    comment: before?.comment ?? '',
    ...change,
    shown: { probability, threshold, call },
  }
  const { [level]: _, ...others } = feedback?.vertebrae ?? {}
  const isEmpty = remark.verdict === null && remark.comment === ''
  const { name, version, operatingPoint } = report.bundle
  return {
    schemaVersion: 1,
    studyInstanceUid: report.studyInstanceUid,
    seriesInstanceUid: report.seriesInstanceUid,
    bundle: { name, version },
    operatingPoint,
    changedAt: now.toISOString(),
    patient: feedback?.patient ?? null,
    vertebrae: isEmpty ? others : { ...others, [level]: remark },
  }
}

/** Hands the feedback to the reader as a file. */
export function exportFeedback(feedback: Feedback): void {
  const url = URL.createObjectURL(
    new Blob([`${JSON.stringify(feedback, null, 2)}\n`], { type: 'application/json' }),
  )
  const link = document.createElement('a')
  link.href = url
  link.download = `feedback-${feedback.studyInstanceUid.replace(/[^\w.-]/g, '_').slice(0, 80)}.json`
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
