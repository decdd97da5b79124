import { Center, MantineProvider, Stack, Text } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { useRoute } from './route.ts'
import type { StudyService } from './studies/studies.ts'
import { Service } from './studies/use-studies.ts'
import { StudyLoader } from './study/study-loader.tsx'
import { THEME } from './theme.ts'
import { WorkList } from './worklist/work-list.tsx'

export function App({ service }: { service: StudyService }) {
  return (
    // The variables are in page.css and no class is made at run time: the content security policy allows no inline style.
    <MantineProvider theme={THEME} forceColorScheme="dark" withCssVariables={false} withGlobalClasses={false}>
      <Service value={service}>
        <Boundary>
          <Pages />
        </Boundary>
      </Service>
    </MantineProvider>
  )
}

function Pages() {
  const { studyId } = useRoute()
  return studyId === null ? <WorkList /> : <StudyLoader key={studyId} id={studyId} />
}

/** What no code foresaw is told, instead of an empty page. */
class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }
  static getDerivedStateFromError = (error: Error) => ({ error })
  override render() {
    if (!this.state.error) return this.props.children
    return (
      <Center h="100vh">
        <Stack maw={600} role="alert">
          <Text fw={600}>
            Something went wrong in this page. Reload it to go on; nothing that was saved is lost.
          </Text>
          <Text c="dimmed" size="sm">
            {this.state.error.message}
          </Text>
        </Stack>
      </Center>
    )
  }
}
