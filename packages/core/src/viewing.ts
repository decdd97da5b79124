import { type AnalysisProgress, type AnalyzeOptions, analyze } from './analyze.ts'
import type { Detector } from './detector.ts'
import { type ReadOptions, readStudy } from './read.ts'
import type { Report } from './report/report.ts'
import type { StudyCandidate } from './scan.ts'
import type { LabelVolume, Volume } from './volume/volume.ts'

/** All that a viewer shows of a study. */
export type Viewing = {
  readonly report: Report
  /** On the segmenter's own grid; null when nothing was labelled. */
  readonly labels: LabelVolume | null
  readonly volume: Volume
}

type ViewingOptions = Pick<AnalyzeOptions, 'clock' | 'onStep'> &
  Required<Pick<ReadOptions, 'codecs' | 'onProgress'>>

/** `analyze`, which also keeps the images and the labels. Errors of the reading pass through. */
export async function* analyzeForViewing(
  source: string,
  candidate: StudyCandidate,
  loading: Detector | Promise<Detector>,
  { codecs, onProgress, ...options }: ViewingOptions,
): AsyncGenerator<AnalysisProgress, Viewing> {
  let labels: LabelVolume | null = null
  let volume: Volume | undefined
  const read = async () => {
    const study = await readStudy(candidate, { codecs, onProgress })
    volume = study.volume
    return study
  }
  const report = yield* analyze(source, read, loading, {
    ...options,
    onSegmentation: (segmentation) => {
      labels = segmentation.labels
    },
  })
  return { report, labels, volume: volume! }
}
