import { createContext, useContext, useSyncExternalStore } from 'react'
import type { StudyList, StudyService } from './studies.ts'

export const Service = createContext<StudyService | null>(null)

export function useService(): StudyService {
  const service = useContext(Service)
  if (!service) throw new Error('no study service around this component')
  return service
}

export function useStudyList(): StudyList {
  const service = useService()
  return useSyncExternalStore(service.subscribe, service.list)
}
