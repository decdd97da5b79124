import type { Feedback, LabelVolume, Report, StudyEntry, StudyList, Volume } from '@neckfrac/core'

export type {
  Feedback,
  ModelIdentity,
  Remark,
  StudyEntry,
  StudyList,
  StudyStatus,
  StudySummary,
  Verdict,
} from '@neckfrac/core'

/** All that the study page shows. */
export type OpenStudy = {
  readonly entry: StudyEntry
  /** As `toJson` writes it: no figures. With every operating point and every vertebra's suspicion over z. */
  readonly report: StudyReport
  /** HU. */
  readonly volume: Volume
  /** On the segmenter's own grid; null when nothing was labelled. */
  readonly labels: LabelVolume | null
  /** What the reader said before; null when nothing yet. */
  readonly feedback: Feedback | null
  /** Gives back what the study holds (memory, object URLs). */
  dispose(): void
}

/** A report without its pictures. */
export type StudyReport = Omit<Report, 'figures'>

/** Where studies come from: the loopback server of `neckfrac view`, or this very page. */
export type StudyService = {
  /** `server`: studies lie on this computer and are analysed by Node. `browser`: everything happens in the tab. */
  readonly kind: 'server' | 'browser'
  /** The current list; the same object until something changes (for React's useSyncExternalStore). */
  list(): StudyList
  /** Calls back after every change of the list. Returns a function that ends it. */
  subscribe(onChange: () => void): () => void
  open(id: string, options?: OpenOptions): Promise<OpenStudy>
  /** With the study on this computer (`server`), or until the tab is closed (`browser`). */
  saveFeedback(id: string, feedback: Feedback): Promise<void>
  /** Address of the HTML report, to open in a new tab or to print; an object URL in the browser mode. */
  reportUrl(id: string): Promise<string>
  /** Browser mode: files of a dropped folder or zip. Resolves when the studies are listed, those that failed too. */
  add?(files: readonly DroppedFile[]): Promise<void>
  /** Browser mode: makes a synthetic patient and analyses it. Resolves when it is listed. */
  addPhantom?(seed: number): Promise<void>
  /** Browser mode: the reader has what was said of a study as a file, so that closing the tab loses nothing. */
  feedbackExported?(id: string, feedback: Feedback): void
  /** Browser mode: stops waiting, reading or analysing; the study stays listed as cancelled. */
  cancel?(id: string): void
}

export type OpenOptions = {
  /** Ends the loading when the reader leaves before it is done. */
  readonly signal?: AbortSignal
  /** Share of the images that is here, 0..1. */
  readonly onProgress?: (fraction: number) => void
  /** Is given the most suspicious slice, shape [1, rows, columns], while the others are on their way; optional to call. */
  readonly onFirstSlice?: (slice: Volume) => void
}

/** A file with its path inside what was dropped; plain `File.name` for single files. */
export type DroppedFile = { readonly path: string; readonly file: File }
