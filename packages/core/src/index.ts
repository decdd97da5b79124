export { type AnalysisProgress, type AnalyzeOptions, analyze, type Stage, scoreStudy } from './analyze.ts'
export { type Bundle, loadBundle, parseManifest } from './bundle/load.ts'
export {
  type Decision,
  type Manifest,
  manifestSchema,
  NETWORK_NAMES,
  type NetworkName,
} from './bundle/manifest.ts'
export { CROP, cropGrid, cropImage, cropMask } from './classify/crop.ts'
export { type Detector, openDetector } from './detector.ts'
export * from './errors.ts'
export * from './levels.ts'
export type * from './ports.ts'
export type * from './report/report.ts'
export { SEGMENT_SPACING_MM, segmentationGrid, segmentationImage } from './segment/grid.ts'
export { segment } from './segment/segment.ts'
export type { Segmentation, Vertebra } from './segment/segmentation.ts'
export { describeVertebrae } from './segment/vertebrae.ts'
export type { Finding, SeriesSummary, Skipped, SliceOrigin, Study } from './series/study.ts'
export { SOFTWARE } from './version.ts'
export { resample, resampleLabels } from './volume/resample.ts'
export type { Grid, LabelVolume, Shape3, Volume } from './volume/volume.ts'
