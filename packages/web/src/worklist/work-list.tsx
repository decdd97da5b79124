import { Anchor, Group, SegmentedControl, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { canOpen, countReasons, isUnderWay, percent, type StudyEntry } from '@neckfrac/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Help } from '../help.tsx'
import { type KeyAction, useKeys } from '../keys.ts'
import { Notice } from '../notice.tsx'
import { openStudyPage, studyAddress } from '../route.ts'
import { useService, useStudyList } from '../studies/use-studies.ts'
import { AddStudies } from './add-studies.tsx'
import { FILTERS, type Filter, orderStudies } from './order.ts'
import { Status } from './status.tsx'

/** All studies, the most suspicious on top. */
export function WorkList() {
  const service = useService()
  const { studies, skipped, model } = useStudyList()
  const [search, setSearch] = useState('')
  const [filter, setFilter] = useState<Filter>('all')
  const [chosen, setChosen] = useState<string | null>(null)
  const [help, setHelp] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const shown = useMemo(() => orderStudies(studies, { search, filter }), [studies, search, filter])
  const at = shown.findIndex(({ id }) => id === chosen)

  useEffect(() => {
    document.title = 'NeckFrac'
  }, [])
  // Enter is then meant for the row, not for the button that was pressed before.
  useEffect(() => document.getElementById(`row-${chosen}`)?.focus(), [chosen])

  const move = (by: number, fits: (s: StudyEntry) => boolean = () => true) => {
    const from = at < 0 ? (by > 0 ? -1 : shown.length) : at
    const rest = by > 0 ? shown.slice(from + 1) : shown.slice(0, from).reverse()
    const next = rest.find(fits)
    if (next) setChosen(next.id)
  }
  const openChosen = () => {
    const study = shown[at]
    if (study && canOpen(study)) openStudyPage(study.id)
  }
  const actions: KeyAction[] = [
    { keys: ['j', 'ArrowDown'], what: 'Next study', run: () => move(1) },
    { keys: ['k', 'ArrowUp'], what: 'Study before', run: () => move(-1) },
    { keys: ['Enter', 'o'], what: 'Open the study', run: openChosen },
    { keys: ['n'], what: 'Next study with a suspected fracture', run: () => move(1, isSuspicious) },
    { keys: ['p'], what: 'Study before with a suspected fracture', run: () => move(-1, isSuspicious) },
    { keys: ['/'], what: 'Search', run: () => field.current?.focus() },
    { keys: ['?'], what: 'This help', run: () => setHelp(true) },
  ]
  useKeys(actions)

  const open = studies.filter(({ status }) => isUnderWay(status)).length
  return (
    <div className="page">
      <header className="bar">
        <Title order={1} size="h4">
          NeckFrac
        </Title>
        <Text size="sm" c="dimmed" role="status">
          {studies.length} {studies.length === 1 ? 'study' : 'studies'}
          {open > 0 ? `, ${open} in progress` : ''}
        </Text>
        <span className="spring" />
        <TextInput
          ref={field}
          size="xs"
          w={260}
          placeholder="Search name, description, UID"
          aria-label="Search"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <SegmentedControl
          size="xs"
          aria-label="Show"
          data={Object.entries(FILTERS).map(([value, label]) => ({ value, label }))}
          value={filter}
          onChange={(value) => setFilter(value as Filter)}
        />
        <button type="button" className="quiet" onClick={() => setHelp(true)}>
          Keys <kbd>?</kbd>
        </button>
      </header>
      <main className="list">
        {service.kind === 'browser' && <AddStudies service={service} isEmpty={studies.length === 0} />}
        {shown.length > 0 && (
          <Table
            layout="fixed"
            highlightOnHover
            highlightOnHoverColor="#171d25"
            verticalSpacing="sm"
            aria-label="Work list"
          >
            <Table.Thead>
              <Table.Tr>
                <Table.Th w="15%">Patient-level suspicion</Table.Th>
                <Table.Th w="9%">Worst vertebra</Table.Th>
                <Table.Th w="17%">Patient</Table.Th>
                <Table.Th w="19%">Study</Table.Th>
                <Table.Th w="6%">Slices</Table.Th>
                <Table.Th w="6%">Took</Table.Th>
                <Table.Th w="28%">Status</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {shown.map((study) => (
                <Row key={study.id} study={study} isChosen={study.id === chosen} onCancel={service.cancel} />
              ))}
            </Table.Tbody>
          </Table>
        )}
        {shown.length === 0 && studies.length > 0 && (
          <Text c="dimmed" p="xl">
            No study matches the search and the filter.
          </Text>
        )}
        {studies.length === 0 && service.kind === 'server' && (
          <Text c="dimmed" p="xl">
            Looking for studies …
          </Text>
        )}
        {skipped.length > 0 && <SkippedFiles skipped={skipped} />}
      </main>
      <Notice model={model} />
      <Help actions={actions} opened={help} onClose={() => setHelp(false)} />
    </div>
  )
}

const isSuspicious = ({ status, summary }: StudyEntry): boolean =>
  status.kind === 'done' && summary?.call === 'fracture'

type RowProps = { study: StudyEntry; isChosen: boolean; onCancel: ((id: string) => void) | undefined }

function Row({ study, isChosen, onCancel }: RowProps) {
  const { id, patient, description, source, summary, status } = study
  const judged = status.kind === 'done' ? summary : null
  return (
    <Table.Tr
      id={`row-${id}`}
      tabIndex={-1}
      className={canOpen(study) ? 'row can-open' : 'row'}
      data-chosen={isChosen || undefined}
      aria-current={isChosen || undefined}
      onClick={() => canOpen(study) && openStudyPage(id)}
    >
      <Table.Td>
        {judged?.probability != null && <Suspicion probability={judged.probability} call={judged.call} />}
      </Table.Td>
      <Table.Td>
        {judged?.worst && (
          <Text size="sm">
            {judged.worst.level} <span className="figures">{percent(judged.worst.probability)}</span>
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        {canOpen(study) ? (
          <Anchor href={studyAddress(id)} fw={600} c="bright" onClick={(event) => event.stopPropagation()}>
            {patient}
          </Anchor>
        ) : (
          <Text span fw={600}>
            {patient}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Text size="sm">{description || '–'}</Text>
        <Text size="xs" c="dimmed" lineClamp={1} title={source}>
          {source}
        </Text>
      </Table.Td>
      <Table.Td className="figures">{summary?.sliceCount ?? ''}</Table.Td>
      <Table.Td className="figures">{summary ? `${(summary.elapsedMs / 1000).toFixed(1)} s` : ''}</Table.Td>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <Status status={status} />
          {isUnderWay(status) && onCancel && (
            <button
              type="button"
              className="quiet"
              aria-label={`Cancel ${patient}`}
              onClick={() => onCancel(id)}
            >
              Cancel
            </button>
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  )
}

function Suspicion({ probability, call }: { probability: number; call: string }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <span className={`dot ${call}`} aria-hidden="true" />
      <Text fw={600} className="figures">
        {percent(probability)}
      </Text>
      <Text size="xs" c="dimmed">
        {call === 'fracture' ? 'flagged' : 'below threshold'}
      </Text>
    </Group>
  )
}

function SkippedFiles({ skipped }: { skipped: Parameters<typeof countReasons>[0] }) {
  return (
    <details className="skipped">
      <summary>
        {skipped.length} {skipped.length === 1 ? 'file belongs' : 'files belong'} to no study
      </summary>
      <Stack gap={2} mt="xs">
        {countReasons(skipped).map((reason) => (
          <Text key={reason} size="sm" c="dimmed">
            {reason}
          </Text>
        ))}
      </Stack>
    </details>
  )
}
