import { SegmentedControl, Text, Textarea, Title } from '@mantine/core'
import { percent, whereWords } from '@neckfrac/core'
import type { Remark, StudyReport, Verdict } from '../studies/studies.ts'
import type { Subject } from './feedback.ts'

type SubjectCardProps = {
  report: StudyReport
  subject: Subject
  remark: Remark | null
  onRemark: (change: Partial<Pick<Remark, 'verdict' | 'comment'>>) => void
}

/** A vertebra or the patient: what is known beyond the table, and what the reader says. */
export function SubjectCard({ report, subject, remark, onRemark }: SubjectCardProps) {
  const name = subject === 'patient' ? 'the patient' : subject
  return (
    <section className="card" aria-label={`${name} in detail`}>
      <Title order={3} size="h5">
        {subject === 'patient' ? 'Patient' : subject}
      </Title>
      <Text size="sm" c="dimmed">
        {detailOf(report, subject)}
      </Text>
      <fieldset className="feedback">
        <legend>Your reading of {name}</legend>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={`Your reading of ${name}`}
          data={[
            { value: '', label: '–' },
            { value: 'agree', label: 'Agree' },
            { value: 'disagree', label: 'Disagree' },
            { value: 'unsure', label: 'Unsure' },
          ]}
          value={remark?.verdict ?? ''}
          onChange={(value) => onRemark({ verdict: (value || null) as Verdict | null })}
        />
        <Textarea
          size="xs"
          mt={6}
          autosize
          minRows={1}
          maxRows={6}
          maxLength={2000}
          placeholder="Comment"
          aria-label={`Comment on ${name}`}
          value={remark?.comment ?? ''}
          onChange={(event) => onRemark({ comment: event.currentTarget.value })}
        />
      </fieldset>
    </section>
  )
}

/** Where the finding of a vertebra lies and what each model says; of the patient, how the call came about. */
function detailOf(report: StudyReport, subject: Subject): string {
  if (subject === 'patient')
    return 'How probable it is that at least one vertebra in view is fractured, with a threshold of its own.'
  const vertebra = report.vertebrae.find((v) => v.level === subject)!
  const where = whereWords(vertebra, { ...report, figures: [] })
  const place = where
    ? `${where[0].toUpperCase()}${where.slice(1)}.`
    : 'The most suspicious place is shown; it stays below the threshold.'
  const models = Object.entries(vertebra.models).map(([name, p]) => `${name} ${percent(p)}`)
  return models.length > 0 ? `${place} Models before calibration: ${models.join(', ')}.` : place
}
