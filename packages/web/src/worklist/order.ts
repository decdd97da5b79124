import type { StudyEntry } from '@neckfrac/core'

export type Filter = 'all' | 'judged' | 'open' | 'problems'
export const FILTERS: Readonly<Record<Filter, string>> = {
  all: 'All',
  judged: 'Judged',
  open: 'In progress',
  problems: 'Not analysable or failed',
}

const KINDS: Readonly<Record<StudyEntry['status']['kind'], Exclude<Filter, 'all'>>> = {
  done: 'judged',
  waiting: 'open',
  making: 'open',
  reading: 'open',
  preparing: 'open',
  analysing: 'open',
  'not-analysable': 'problems',
  failed: 'problems',
  cancelled: 'problems',
}
/** Judged studies by suspicion; then what needs a human for another reason; then what is not there yet. */
const RANK = { judged: 0, problems: 1, open: 2 } as const

/** The list as it is shown: the most suspicious on top. Studies of equal rank stay in the order in which they came. */
export function orderStudies(
  studies: readonly StudyEntry[],
  { search, filter }: { readonly search: string; readonly filter: Filter },
): StudyEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const matches = (s: StudyEntry) => {
    const text = `${s.patient} ${s.description} ${s.studyInstanceUid} ${s.source}`.toLowerCase()
    return words.every((word) => text.includes(word))
  }
  return studies
    .filter((s) => (filter === 'all' || KINDS[s.status.kind] === filter) && matches(s))
    .sort(
      (a, b) =>
        RANK[KINDS[a.status.kind]] - RANK[KINDS[b.status.kind]] ||
        (b.summary?.probability ?? -1) - (a.summary?.probability ?? -1),
    )
}
