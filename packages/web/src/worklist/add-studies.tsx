import { Alert, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { type ChangeEvent, useEffect, useState } from 'react'
import { useOffline } from '../offline/offline.ts'
import type { StudyService } from '../studies/studies.ts'
import { droppedFiles, pickedFiles } from './dropped-files.ts'

/** Seed of the synthetic patient that `npm run demo` makes too. */
const DEMO_SEED = 2028

/** Whether the network can go. */
function WithoutNetwork() {
  const offline = useOffline()
  return (
    <Text size="xs" c="dimmed" role="status">
      {offline.kind === 'ready'
        ? 'Ready to work without a network. Studies stay in this tab and are gone when it is closed.'
        : offline.kind === 'never'
          ? 'Studies stay in this tab and are gone when it is closed.'
          : `Fetching what the page needs to work without a network: ${Math.round(100 * offline.share)} %`}
    </Text>
  )
}

/** Browser mode: where studies come from. Nothing that is dropped here leaves the page. */
export function AddStudies({ service, isEmpty }: { service: StudyService; isEmpty: boolean }) {
  const [over, setOver] = useState(false)
  const [trouble, setTrouble] = useState<string | null>(null)
  const [seed, setSeed] = useState(DEMO_SEED)

  const attempt = async (work: Promise<void> | undefined) => {
    setTrouble(null)
    try {
      await work
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error))
    }
  }
  // The whole window takes files: nobody should have to aim.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` only sets a state.
  useEffect(() => {
    const ending = new AbortController()
    const { signal } = ending
    const onDrop = ({ dataTransfer }: DragEvent) => {
      setOver(false)
      if (dataTransfer) void attempt(droppedFiles(dataTransfer).then((files) => service.add?.(files)))
    }
    const onLeave = ({ relatedTarget }: DragEvent) => {
      if (!relatedTarget) setOver(false)
    }
    addEventListener('dragover', () => setOver(true), { signal })
    addEventListener('dragleave', onLeave, { signal })
    addEventListener('drop', onDrop, { signal })
    return () => ending.abort()
  }, [service])
  const onPick = (event: ChangeEvent<HTMLInputElement>) => {
    void attempt(service.add?.(pickedFiles(event.currentTarget.files)))
    event.currentTarget.value = ''
  }
  return (
    <Paper className={over ? 'drop over' : 'drop'} withBorder p={isEmpty ? 'xl' : 'md'} m="md">
      <Stack gap="sm">
        {isEmpty && (
          <>
            <Title order={2} size="h3">
              Drop a CT of the neck here
            </Title>
            <Text c="dimmed" maw={640}>
              A folder of DICOM files, a zip, or a NIfTI volume. It is read and judged in this tab: nothing is
              uploaded.
            </Text>
          </>
        )}
        <Group>
          <Button component="label" className="file-button" variant={isEmpty ? 'filled' : 'default'}>
            Choose a folder
            <input
              type="file"
              className="visually-hidden"
              multiple
              onChange={onPick}
              {...{ webkitdirectory: '' }}
            />
          </Button>
          <Button component="label" className="file-button" variant="default">
            Choose files or a zip
            <input type="file" className="visually-hidden" multiple onChange={onPick} />
          </Button>
          {service.addPhantom && (
            <Button
              variant="default"
              onClick={() => {
                void attempt(service.addPhantom?.(seed))
                setSeed(seed + 1)
              }}
            >
              Show me a synthetic patient
            </Button>
          )}
        </Group>
        <WithoutNetwork />
        {trouble && (
          <Alert color="red" role="alert" title="That cannot be read" variant="light">
            <span className="pre-line">{trouble}</span>
          </Alert>
        )}
      </Stack>
    </Paper>
  )
}
