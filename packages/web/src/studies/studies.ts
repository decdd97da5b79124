import type { Feedback, LabelVolume, Level, Report, Skipped, Stage, Volume } from '@neckfrac/core'

/** What the pages know of a study before it is opened, and the row of the work list. */
export type StudyEntry = {
  /** Stable within the service; safe in a URL's fragment. */
  readonly id: string
  /** As the files say: PatientName or the file's name. Untrusted text: shown, never parsed. */
  readonly patient: string
  readonly description: string
  readonly studyInstanceUid: string
  /** Where it came from: a path, a folder's name, "synthetic patient 2028". */
  readonly source: string
  readonly status: StudyStatus
  /** Present once it was judged. */
  readonly summary: StudySummary | null
}

/** Where a study stands. Only `done` and `not-analysable` can be opened. */
export type StudyStatus =
  | { readonly kind: 'waiting' }
  /** Files, or slices, so far; total 0 while it is not known. */
  | { readonly kind: 'reading'; readonly done: number; readonly total: number }
  /** `fraction` of the whole analysis, 0..1, as honest as it can be. `note`: e.g. "WebGPU", "WASM, 4 threads". */
  | {
      readonly kind: 'analysing'
      readonly stage: Exclude<Stage, 'read'>
      readonly fraction: number
      readonly note?: string
    }
  | { readonly kind: 'done' }
  /** The reason is the first blocking finding. */
  | { readonly kind: 'not-analysable'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'cancelled' }

export type StudySummary = {
  /** patient_overall, 0..1; null when not analysable. */
  readonly probability: number | null
  /** The vertebra with the highest probability. */
  readonly worst: { readonly level: Level; readonly probability: number } | null
  readonly sliceCount: number
  /** From the first file read to the report. */
  readonly elapsedMs: number
  /** ISO 8601, UTC. */
  readonly createdAt: string
}

export type StudyList = {
  readonly studies: readonly StudyEntry[]
  /** Files that belong to no study, and why. */
  readonly skipped: readonly Skipped[]
  /** Which networks judge here; null while they load. */
  readonly model: ModelIdentity | null
}

export type ModelIdentity = {
  readonly name: string
  readonly version: string
  readonly trainedOn: string
  readonly operatingPoint: string
}

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
  /** @param signal Ends the loading when the reader leaves before it is done. */
  open(
    id: string,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (fraction: number) => void },
  ): Promise<OpenStudy>
  saveFeedback(id: string, feedback: Feedback): Promise<void>
  /** Address of the HTML report, to open in a new tab or to print; an object URL in the browser mode. */
  reportUrl(id: string): Promise<string>
  /** Browser mode: files of a dropped folder or zip. Resolves when the studies are listed; rejects with what to tell the user. */
  add?(files: readonly DroppedFile[]): Promise<void>
  /** Browser mode: makes a synthetic patient and analyses it. Resolves when it is listed. */
  addPhantom?(seed: number): Promise<void>
  /** Browser mode: stops waiting, reading or analysing; the study stays listed as cancelled. */
  cancel?(id: string): void
}

/** A file with its path inside what was dropped; plain `File.name` for single files. */
export type DroppedFile = { readonly path: string; readonly file: File }
