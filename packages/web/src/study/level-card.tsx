import { SegmentedControl, Text, Textarea, Title } from '@mantine/core'
import { type Level, percent, whereWords } from '@neckfrac/core'
import type { Remark, StudyReport, Verdict } from '../studies/studies.ts'

type LevelCardProps = {
  report: StudyReport
  level: Level
  remark: Remark | undefined
  onRemark: (change: Partial<Pick<Remark, 'verdict' | 'comment'>>) => void
}

/** One vertebra: where its finding lies, what each model says, and what the reader says. */
export function LevelCard({ report, level, remark, onRemark }: LevelCardProps) {
  const vertebra = report.vertebrae.find((v) => v.level === level)!
  const where = whereWords(vertebra, { ...report, figures: [] })
  const models = Object.entries(vertebra.models)
  return (
    <section className="card" aria-label={`${level} in detail`}>
      <Title order={3} size="h5">
        {level}
      </Title>
      <Text size="sm" c="dimmed">
        {where
          ? `${where[0].toUpperCase()}${where.slice(1)}.`
          : 'The most suspicious place is shown; it stays below the threshold.'}
        {models.length > 0 &&
          ` Models before calibration: ${models.map(([name, p]) => `${name} ${percent(p)}`).join(', ')}.`}
      </Text>
      <fieldset className="feedback">
        <legend>Your reading of {level}</legend>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={`Your reading of ${level}`}
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
          aria-label={`Comment on ${level}`}
          value={remark?.comment ?? ''}
          onChange={(event) => onRemark({ comment: event.currentTarget.value })}
        />
      </fieldset>
    </section>
  )
}
