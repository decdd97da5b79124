import { Badge, Group, Progress, Text } from '@mantine/core'
import type { StudyStatus } from '@neckfrac/core'

const STAGES = {
  segment: 'finding the vertebrae',
  classify: 'judging the vertebrae',
  report: 'drawing the report',
} as const

/** Where a study stands, in words and, while it runs, as a bar. */
export function Status({ status }: { status: StudyStatus }) {
  switch (status.kind) {
    case 'waiting':
      return (
        <Text size="sm" c="dimmed">
          waiting
        </Text>
      )
    case 'making':
      return <Running text="making a synthetic patient" share={null} />
    case 'reading': {
      const { done, total } = status
      const text = total > 0 ? `reading ${done} of ${total}` : 'reading'
      return <Running text={text} share={total > 0 ? done / total : null} />
    }
    case 'preparing':
      return <Running text={`preparing the networks${status.note ? `: ${status.note}` : ''}`} share={null} />
    case 'analysing':
      return (
        <Running
          text={`${STAGES[status.stage]}${status.note ? `, ${status.note}` : ''}`}
          share={status.fraction}
        />
      )
    case 'done':
      return <Text size="sm">done</Text>
    case 'not-analysable':
      return <Problem colour="yellow" word="not analysable" reason={status.reason} />
    case 'failed':
      return <Problem colour="red" word="failed" reason={status.reason} />
    case 'cancelled':
      return (
        <Text size="sm" c="dimmed">
          cancelled
        </Text>
      )
  }
}

/** `share` null: nobody knows how far it is. */
function Running({ text, share }: { text: string; share: number | null }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <Progress.Root w={90} size="sm">
        <Progress.Section
          value={share === null ? 100 : 100 * share}
          animated={share === null}
          aria-label={text}
        />
      </Progress.Root>
      <Text size="sm" c="dimmed">
        {text}
      </Text>
    </Group>
  )
}

function Problem({ colour, word, reason }: { colour: string; word: string; reason: string }) {
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start">
      <Badge color={colour} variant="outline" tt="none" className="no-shrink">
        {word}
      </Badge>
      <Text size="sm" c="dimmed" className="break-anywhere" lineClamp={4} title={reason}>
        {reason}
      </Text>
    </Group>
  )
}
