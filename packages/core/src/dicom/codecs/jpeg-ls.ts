import type { Codec } from '../../ports.ts'
import { checkEnd, checkHeader, damaged, readJpegHeader, widen } from './stream.ts'

/** A decoder of @cornerstonejs/codec-charls; its buffers lie in the memory of the WebAssembly. */
type CharLsDecoder = {
  getEncodedBuffer(bytes: number): Uint8Array
  decode(): void
  getDecodedBuffer(): Uint8Array
  delete(): void
}

export type CharLs = { readonly JpegLSDecoder: new () => CharLsDecoder }

/** Starts an instance of CharLS. */
export type OpenCharLs = () => Promise<CharLs>

/** JPEG-LS by CharLS: twice as fast as the CharLS of dcmjs-codecs. Each error ends its instance. */
export function createJpegLsCodec(open: OpenCharLs): Codec {
  let library: Promise<CharLs> | null = null
  return async (frame, format) => {
    const header = readJpegHeader(frame)
    checkHeader(header, format)
    checkEnd(frame)
    library ??= open()
    const { JpegLSDecoder } = await library
    try {
      const decoder = new JpegLSDecoder()
      decoder.getEncodedBuffer(frame.length).set(frame)
      decoder.decode()
      const samples = decoder.getDecodedBuffer().slice()
      decoder.delete()
      return header.precision > 8 || format.bitsAllocated === 8 ? samples : widen(samples, false)
    } catch {
      library = null
      throw damaged('cannot be decoded: damaged JPEG-LS frame')
    }
  }
}
