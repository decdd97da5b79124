import { openServerStudies } from './server-studies.ts'
import type { StudyService } from './studies.ts'

/** `neckfrac view` marks the page that it serves; without the mark everything happens in this tab. */
export async function openService(): Promise<StudyService> {
  if (document.querySelector('meta[name="neckfrac-server"]')) return openServerStudies()
  const found = import.meta.glob<{ openBrowserStudies(): Promise<StudyService> }>(
    '../analysis/browser-studies.ts',
  )
  const load = Object.values(found)[0]
  if (!load) throw new Error('this build has no browser mode')
  return (await load()).openBrowserStudies()
}
