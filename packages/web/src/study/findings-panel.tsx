import { Button, Group, NativeSelect, Text, Title } from '@mantine/core'
import { CALL_WORDS, type Call, type Level, percent, pointsOfReport, verdict } from '@neckfrac/core'
import type { Feedback, StudyReport } from '../studies/studies.ts'
import { remarkOn, type Subject } from './feedback.ts'
import type { Place } from './places.ts'

type FindingsPanelProps = {
  report: StudyReport
  places: ReadonlyMap<Level, Place>
  selected: Subject | null
  feedback: Feedback | null
  onShow: (subject: Subject) => void
  onPoint: (name: string) => void
}

/** The patient's verdict, the operating point, and C1-C7 with probability, threshold, call and the way to the place. */
export function FindingsPanel({ report, places, selected, feedback, onShow, onPoint }: FindingsPanelProps) {
  const { headline, detail, tone } = verdict({ ...report, figures: [] })
  const { patient, bundle } = report
  const aim = bundle.operatingPoints?.[bundle.operatingPoint]?.aim
  return (
    <section aria-label="Findings">
      <div className={`verdict ${tone}`} role="status">
        <Title order={2} size="h4">
          {headline}
        </Title>
        <Text size="sm">{detail}</Text>
      </div>
      <NativeSelect
        size="xs"
        mt="sm"
        label="Operating point"
        description={aim}
        data={pointsOfReport(report)}
        value={bundle.operatingPoint}
        onChange={(event) => onPoint(event.currentTarget.value)}
      />
      <table className="levels">
        <caption className="visually-hidden">Probability of a fracture for each vertebra</caption>
        <thead>
          <tr>
            <th scope="col">Level</th>
            <th scope="col">Probability</th>
            <th scope="col" className="number">
              Threshold
            </th>
            <th scope="col">Call</th>
            <th scope="col">
              <span className="visually-hidden">Place</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {report.vertebrae.map(({ level, probability, threshold, call }) => (
            <tr key={level} className={call} data-selected={level === selected || undefined}>
              <th scope="row">{level}</th>
              <td>
                <Probability probability={probability} threshold={threshold} call={call} />
              </td>
              <td className="number">{percent(threshold)}</td>
              <td>
                <CallMark call={call} />
                <Said feedback={feedback} subject={level} />
              </td>
              <td>
                {places.has(level) && (
                  <Button
                    size="compact-xs"
                    variant={level === selected ? 'filled' : 'default'}
                    onClick={() => onShow(level)}
                    aria-label={`Show me ${level}`}
                    aria-pressed={level === selected}
                  >
                    show me
                  </Button>
                )}
              </td>
            </tr>
          ))}
          <tr className={`patient ${patient.call}`} data-selected={selected === 'patient' || undefined}>
            <th scope="row">Patient</th>
            <td>
              <Probability
                probability={patient.probability}
                threshold={patient.threshold}
                call={patient.call}
              />
            </td>
            <td className="number">{percent(patient.threshold)}</td>
            <td>
              <CallMark call={patient.call} />
              <Said feedback={feedback} subject="patient" />
            </td>
            <td>
              <Button
                size="compact-xs"
                variant={selected === 'patient' ? 'filled' : 'default'}
                onClick={() => onShow('patient')}
                aria-label="judge the patient"
                aria-pressed={selected === 'patient'}
              >
                judge
              </Button>
            </td>
          </tr>
        </tbody>
      </table>
    </section>
  )
}

const SAID = { agree: '✓', disagree: '✗', unsure: '?' } as const

/** The reader's verdict, once there is one. */
function Said({ feedback, subject }: { feedback: Feedback | null; subject: Subject }) {
  const verdict = remarkOn(feedback, subject)?.verdict
  return verdict ? (
    <span className="said" title={`You: ${verdict}`}>
      {SAID[verdict]}
    </span>
  ) : null
}

/** Words beside the colour: calls are never told by colour alone. */
function CallMark({ call }: { call: Call }) {
  return (
    <Group gap={6} wrap="nowrap" display="inline-flex">
      <span className={`dot ${call}`} aria-hidden="true" />
      <Text size="sm" span>
        {CALL_WORDS[call]}
      </Text>
    </Group>
  )
}

function Probability({
  probability,
  threshold,
  call,
}: {
  probability: number | null
  threshold: number
  call: Call
}) {
  if (probability === null) return <span className="meter none" aria-hidden="true" />
  return (
    <span className="probability">
      <svg className={`meter ${call}`} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect className="meter-rest" width={100} height={10} />
        <rect className="meter-value" width={100 * probability} height={10} />
        <rect className="meter-threshold" x={100 * threshold - 0.6} width={1.2} height={10} />
      </svg>
      <span className="figures">{percent(probability)}</span>
    </span>
  )
}
