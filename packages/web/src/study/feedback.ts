import type { Level } from '@neckfrac/core'
import { useEffect, useRef, useState } from 'react'
import type { Feedback, OpenStudy, Remark, StudyReport, StudyService } from '../studies/studies.ts'

/** Whom a remark is about. */
export type Subject = Level | 'patient'

/** A comment is saved when the typing pauses. */
const SAVE_AFTER_MS = 600

export type FeedbackState = {
  readonly feedback: Feedback | null
  readonly saved: 'saved' | 'saving' | { readonly trouble: string }
  remark(subject: Subject, change: Partial<Pick<Remark, 'verdict' | 'comment'>>): void
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
  // Whoever leaves the page before the pause is over leaves nothing behind; the browser asks whoever closes it.
  useEffect(() => {
    const onClose = (event: BeforeUnloadEvent) => {
      if (pending.current === null) return
      event.preventDefault()
      void save.current()
    }
    addEventListener('beforeunload', onClose)
    return () => {
      removeEventListener('beforeunload', onClose)
      void save.current()
    }
  }, [])

  return {
    feedback,
    saved,
    remark: (subject, change) => {
      const next = withRemark(feedback, report, subject, change)
      pending.current = next
      setSaved('saving')
      setFeedback(next)
    },
  }
}

/** What was said of a vertebra or of the patient. */
export const remarkOn = (feedback: Feedback | null, subject: Subject): Remark | null =>
  (subject === 'patient' ? feedback?.patient : feedback?.vertebrae[subject]) ?? null

/** The feedback with one remark changed; an empty remark is taken out. */
export function withRemark(
  feedback: Feedback | null,
  report: StudyReport,
  subject: Subject,
  change: Partial<Pick<Remark, 'verdict' | 'comment'>>,
  now = new Date(),
): Feedback {
  const isPatient = subject === 'patient'
  const shown = isPatient ? report.patient : report.vertebrae.find((v) => v.level === subject)!
  const { probability, threshold, call } = shown
  const before = remarkOn(feedback, subject)
  const remark: Remark = {
    verdict: before?.verdict ?? null,
    comment: before?.comment ?? '',
    ...change,
    shown: { probability, threshold, call },
  }
  const kept = remark.verdict === null && remark.comment === '' ? null : remark
  const vertebrae = { ...feedback?.vertebrae }
  if (!isPatient && kept) vertebrae[subject] = kept
  else if (!isPatient) delete vertebrae[subject]
  const { name, version, operatingPoint } = report.bundle
  return {
    schemaVersion: 1,
    studyInstanceUid: report.studyInstanceUid,
    seriesInstanceUid: report.seriesInstanceUid,
    bundle: { name, version },
    operatingPoint,
    changedAt: now.toISOString(),
    patient: isPatient ? kept : (feedback?.patient ?? null),
    vertebrae,
  }
}
