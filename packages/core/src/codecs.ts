/** What a thread that decodes needs, apart from the rest of the core, so that it starts at once. */
export { createCodecs } from './dicom/codecs/codecs.ts'
export { answer, type DecodeReply, type DecodeRequest } from './dicom/codecs/decoders.ts'
export type { CharLs } from './dicom/codecs/jpeg-ls.ts'
