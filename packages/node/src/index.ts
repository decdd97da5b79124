/** What a Node program needs to analyse studies itself; the command line is built from the same parts. */
export { DEFAULT_BUNDLE, openBundle } from './bundle.ts'
export { CODECS } from './codecs.ts'
export { startOnnxRuntime } from './onnx-session.ts'
export { FORMATS, type Format, type PredictOptions, predict } from './predict.ts'
export { openSource } from './sources.ts'
