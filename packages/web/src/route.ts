import { useSyncExternalStore } from 'react'

/** Pages live in the fragment: the same build works from any folder, and no address tells a server which study is open. */
const studyIdOf = (hash: string): string | null => {
  const match = /^#\/study\/(.+)$/.exec(hash)
  return match ? decodeURIComponent(match[1]) : null
}

const subscribe = (onChange: () => void) => {
  window.addEventListener('hashchange', onChange)
  return () => window.removeEventListener('hashchange', onChange)
}

export function useRoute(): { readonly studyId: string | null } {
  const hash = useSyncExternalStore(subscribe, () => location.hash)
  return { studyId: studyIdOf(hash) }
}

export const studyAddress = (id: string): string => `#/study/${encodeURIComponent(id)}`
export const openStudyPage = (id: string): void => {
  location.hash = studyAddress(id)
}
export const openWorkList = (): void => {
  location.hash = '#/'
}
