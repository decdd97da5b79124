import type { Codec } from '../../ports.ts'
import {
  HTJ2K,
  HTJ2K_LOSSLESS,
  HTJ2K_LOSSLESS_RPCL,
  JPEG_2000,
  JPEG_2000_LOSSLESS,
  JPEG_BASELINE,
  JPEG_EXTENDED,
  JPEG_LOSSLESS,
  JPEG_LOSSLESS_SV1,
  JPEG_LS,
  JPEG_LS_LOSSLESS,
  RLE_LOSSLESS,
} from '../transfer-syntaxes.ts'
import { createJpegLosslessCodec } from './jpeg-lossless.ts'
import { createJpegLsCodec, type OpenCharLs } from './jpeg-ls.ts'
import { createNativeCodecs, type Instantiate } from './native.ts'
import { decodeRle } from './rle.ts'

/** Transfer syntaxes that need a decoder and have one. */
export const COMPRESSED = [
  JPEG_BASELINE,
  JPEG_EXTENDED,
  JPEG_LOSSLESS,
  JPEG_LOSSLESS_SV1,
  JPEG_LS_LOSSLESS,
  JPEG_LS,
  JPEG_2000_LOSSLESS,
  JPEG_2000,
  HTJ2K_LOSSLESS,
  HTJ2K_LOSSLESS_RPCL,
  HTJ2K,
  RLE_LOSSLESS,
] as const

/** The libraries of a platform, in WebAssembly; each is loaded by the first frame that needs it. */
export type Libraries = { readonly loadNative: () => Promise<Instantiate>; readonly openCharLs: OpenCharLs }

/** Decoders that work on the calling thread, for as long as a frame makes them; decoders.ts puts them on others. */
export function createCodecs({
  loadNative,
  openCharLs,
}: Libraries): Readonly<Record<(typeof COMPRESSED)[number], Codec>> {
  const { jpeg, jpeg2000, htj2k } = createNativeCodecs(loadNative)
  const jpegLossless = createJpegLosslessCodec(jpeg)
  const jpegLs = createJpegLsCodec(openCharLs)
  return {
    [JPEG_BASELINE]: jpeg,
    [JPEG_EXTENDED]: jpeg,
    [JPEG_LOSSLESS]: jpegLossless,
    [JPEG_LOSSLESS_SV1]: jpegLossless,
    [JPEG_LS_LOSSLESS]: jpegLs,
    [JPEG_LS]: jpegLs,
    [JPEG_2000_LOSSLESS]: jpeg2000,
    [JPEG_2000]: jpeg2000,
    [HTJ2K_LOSSLESS]: htj2k,
    [HTJ2K_LOSSLESS_RPCL]: htj2k,
    [HTJ2K]: htj2k,
    [RLE_LOSSLESS]: decodeRle,
  }
}
