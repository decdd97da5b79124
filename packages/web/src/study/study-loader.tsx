import { Alert, Button, Center, Progress, Stack, Text } from '@mantine/core'
import type { Volume } from '@neckfrac/core'
import { lazy, Suspense, useEffect, useState } from 'react'
import { Notice } from '../notice.tsx'
import { openWorkList } from '../route.ts'
import type { OpenStudy } from '../studies/studies.ts'
import { useService, useStudyList } from '../studies/use-studies.ts'
import { BackToList } from './back-to-list.tsx'
import { FirstSlice } from './first-slice.tsx'

/** The image stack is a megabyte: it is loaded when a study opens, beside the study's images. */
const loadPage = () => import('./study-page.tsx')
const StudyPage = lazy(loadPage)

/** Opens a study and shows it; says how far it is, and what went wrong. */
export function StudyLoader({ id }: { id: string }) {
  const service = useService()
  const [study, setStudy] = useState<OpenStudy | null>(null)
  const [firstSlice, setFirstSlice] = useState<Volume | null>(null)
  const [fraction, setFraction] = useState(0)
  const [trouble, setTrouble] = useState<string | null>(null)
  useEffect(() => {
    const leaving = new AbortController()
    const { signal } = leaving
    let opened: OpenStudy | undefined
    void loadPage()
    service.open(id, { signal, onProgress: setFraction, onFirstSlice: setFirstSlice }).then(
      (study) => {
        if (signal.aborted) return study.dispose()
        opened = study
        setStudy(study)
      },
      (error: unknown) => {
        if (!signal.aborted) setTrouble(error instanceof Error ? error.message : String(error))
      },
    )
    return () => {
      leaving.abort()
      opened?.dispose()
    }
  }, [service, id])

  if (trouble !== null)
    return (
      <Frame>
        <Center h="100%">
          <Alert color="red" title="This study cannot be opened" role="alert" maw={560}>
            <p>{trouble}</p>
            <Button size="xs" variant="default" onClick={openWorkList}>
              Back to the list
            </Button>
          </Alert>
        </Center>
      </Frame>
    )
  const waiting = (
    <Frame>
      <div className="study">
        <div className="images">
          <div className="plane axial">{firstSlice && <FirstSlice slice={firstSlice} />}</div>
        </div>
        <aside className="panel">
          <Stack gap="xs">
            <Text size="sm" c="dimmed" role="status">
              Loading the images …
            </Text>
            <Progress value={100 * fraction} aria-label="Loading the images" />
          </Stack>
        </aside>
      </div>
    </Frame>
  )
  return study ? (
    <Suspense fallback={waiting}>
      <StudyPage study={study} firstSlice={firstSlice} />
    </Suspense>
  ) : (
    waiting
  )
}

function Frame({ children }: { children: React.ReactNode }) {
  const { model } = useStudyList()
  return (
    <div className="page">
      <header className="bar">
        <BackToList />
      </header>
      <main className="opening">{children}</main>
      <Notice model={model} />
    </div>
  )
}
