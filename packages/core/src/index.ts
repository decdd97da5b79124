export {
  type AnalysisProgress,
  type AnalysisStep,
  type AnalyzeOptions,
  analyze,
  type Stage,
  scoreStudy,
} from './analyze.ts'
export { type Bundle, loadBundle, loadManifest, loadSegmenter, parseManifest } from './bundle/load.ts'
export {
  type Decision,
  type Manifest,
  manifestSchema,
  NETWORK_NAMES,
  type NetworkName,
  type OperatingPoint,
  type Reached,
} from './bundle/manifest.ts'
export { type ParityFixture, parityInput } from './bundle/parity.ts'
export { CROP, cropGrid, cropImage, cropMask } from './classify/crop.ts'
export { patientProbability, probabilitiesOf, type Scores, vertebraProbability } from './decide/decide.ts'
export { fitDecision, type LabelledStudy, LEAST_DECIDING } from './decide/fit.ts'
export {
  atOperatingPoint,
  OPERATING_POINTS,
  type OperatingPointName,
} from './decide/operating-points.ts'
export { pointsOfReport, recall } from './decide/recall.ts'
export { adjustToSite, LEAST_AT_SITE } from './decide/site.ts'
export { type Deidentified, type DeidentifyOptions, deidentify } from './deidentify/deidentify.ts'
export { type Detector, openDetector } from './detector.ts'
export { createDecoders, type DecodeReply, type StartThread } from './dicom/codecs/decoders.ts'
export { uidOf, uidOfHash } from './dicom/uid.ts'
export { createSeriesWriter, type SeriesIdentity, type SeriesWriter } from './dicom/write.ts'
export * from './errors.ts'
export {
  type Assessment,
  assessCases,
  type NamedPoint,
  type Part,
  pointsOfBundle,
} from './evaluate/assessment.ts'
export {
  type CaseContext,
  caseOfReport,
  extentsOf,
  failedCase,
  scoresOf,
} from './evaluate/cases/case-of-report.ts'
export { compareCentres, compareLabels, vertebraeOfMask } from './evaluate/cases/labels.ts'
export {
  groupBoxes,
  hullOfSlices,
  scanOfPhantom,
  type TruthFacts,
  truthOfPhantom,
} from './evaluate/cases/phantom-truth.ts'
export { rejudge } from './evaluate/cases/rejudge.ts'
export { type Box3, type CaseTruth, type StudyCase, studyCaseSchema } from './evaluate/cases/study-case.ts'
export { type CompetitionLoss, competitionLoss } from './evaluate/competition.ts'
export { type Evaluation, evaluate, type Group, sameThreshold, type Thresholds } from './evaluate/evaluate.ts'
export { type EvaluationTableOptions, toEvaluationTable } from './evaluate/evaluation-table.ts'
export { BOOTSTRAP } from './evaluate/metrics/bootstrap.ts'
export { auc, averagePrecision, type Metrics, measure, wilson } from './evaluate/metrics.ts'
export { toEvaluationCsv } from './evaluate/report/csv.ts'
export { toEvaluationJson } from './evaluate/report/json.ts'
export { toEvaluationPage } from './evaluate/report/page.ts'
export { toSummary } from './evaluate/report/summary.ts'
export { type Labels, type Predictions, readLabels, readPredictions } from './evaluate/study-tables.ts'
export { bestThreshold, fitPlatt } from './evaluate/threshold.ts'
export { readThresholds } from './evaluate/thresholds-file.ts'
export * from './levels.ts'
export { type Canal, traceCanal } from './necks/canal.ts'
export { visibleField } from './necks/field.ts'
export { measureNeck } from './necks/measure.ts'
export { drawNeck, type NeckPicture, necksPage } from './necks/page.ts'
export { type NeckReading, parseReadings } from './necks/reading.ts'
export { drawReadingSheet, READING } from './necks/reading-sheet.ts'
export { type NeckResult, type NecksSummary, necksToText, summarizeNecks } from './necks/summary.ts'
export { readNifti, readNiftiLabels } from './nifti/read.ts'
export { writeNifti } from './nifti/write.ts'
export { pageHeaders, pagePolicy } from './page-headers.ts'
export { createPhantomWriter, phantomUid } from './phantom/dicom.ts'
export { FAMILIES, type FamilyName, SCHEMATIC, type Template } from './phantom/families.ts'
export { type Exhibit, listFractures, listLookAlikes } from './phantom/gallery/exhibits.ts'
export { drawWholeNeck } from './phantom/gallery/necks.ts'
export { encodeSheet } from './phantom/gallery/picture.ts'
export { drawExhibit } from './phantom/gallery/rows.ts'
export { PRESETS, type PresetName } from './phantom/presets.ts'
export { synthesizeSchematic } from './phantom/schematic/schematic.ts'
export { buildStencil, type Stencil } from './phantom/schematic/stencil.ts'
export type * from './phantom/study.ts'
export { synthesize } from './phantom/synthesize.ts'
export { buildTemplate, checkTemplate } from './phantom/template/template.ts'
export type * from './ports.ts'
export type { SliceBox } from './prepare/heat.ts'
export {
  createIndex,
  type PreparedEntry,
  type PreparedIndex,
  preparedIndex,
  type RecordedSource,
} from './prepare/index-file.ts'
export { decodeNpy, encodeNpy, type NpyArray } from './prepare/npy.ts'
export { type Fractured, preparePhantom } from './prepare/phantom.ts'
export { heatFromBoxes, orientMask } from './prepare/rsna.ts'
export { scoreCrops } from './prepare/score.ts'
export { type PreparedStudy, prepareCrops, prepareStudy } from './prepare/study.ts'
export { type ReadOptions, readStudy } from './read.ts'
export { omittedRows, toCsv } from './report/csv.ts'
export { type Feedback, feedbackSchema, type Remark, type Verdict } from './report/feedback.ts'
export { makeFigures } from './report/figures.ts'
export { toHtml } from './report/html.ts'
export { toJson } from './report/json.ts'
export { labelName, traceLabels } from './report/outline.ts'
export { flatSheet, type Sheet } from './report/plane.ts'
export type * from './report/report.ts'
export { type TableOptions, toTable } from './report/table.ts'
export { CALL_WORDS, offsetWords, percent, verdict, whereWords } from './report/where.ts'
export {
  countReasons,
  identityOf,
  listCandidates,
  type ReadProgress,
  type Scan,
  type ScanOptions,
  type StudyCandidate,
  type StudyIdentity,
  scanSource,
  surveySource,
} from './scan.ts'
export { SEGMENT_SPACING_MM, segmentationGrid, segmentationImage } from './segment/grid.ts'
export { segment } from './segment/segment.ts'
export type { Segmentation, Vertebra } from './segment/segmentation.ts'
export { describeVertebrae } from './segment/vertebrae.ts'
export { defaultSeriesRules, parseSeriesRules, type SeriesRules } from './series/rules-file.ts'
export type { Finding, SeriesSummary, Skipped, SliceOrigin, Study } from './series/study.ts'
export { SOFTWARE } from './version.ts'
export { analyzeForViewing, type Viewing } from './viewing.ts'
export {
  affine,
  type Bounds,
  boundsLps,
  countedFrom,
  cross,
  dot,
  invert,
  type Mat4,
  spacingMm,
  transform,
  type Vec3,
} from './volume/geometry.ts'
export { resample, resampleLabels } from './volume/resample.ts'
export type { Grid, LabelVolume, Shape3, Volume } from './volume/volume.ts'
export {
  canOpen,
  displayName,
  firstPlace,
  isUnderWay,
  type ModelIdentity,
  mostSuspiciousFirst,
  reasonOf,
  type StudyEntry,
  type StudyList,
  type StudyStatus,
  type StudySummary,
  statusOf,
  summarize,
  suspiciousPlace,
} from './worklist.ts'
export { type Archive, isZip, zipFiles } from './zip-entries.ts'
