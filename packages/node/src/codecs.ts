import { type Codec, type Codecs, decodeJpegLossless, JPEG_LOSSLESS, JPEG_LOSSLESS_SV1 } from '@neckfrac/core'

type Library = typeof import('dcmjs-codecs')

let library: Promise<Library | null> | undefined

/** Loads the WebAssembly decoders once, at the first compressed image; null where they cannot be loaded. */
const loadLibrary = (): Promise<Library | null> => {
  library ??= (async () => {
    try {
      const module: Library & { readonly default?: Library } = await import('dcmjs-codecs')
      const loaded = module.default ?? module
      await loaded.NativeCodecs.initializeAsync()
      return loaded
    } catch {
      return null
    }
  })()
  return library
}

/** JPEG lossless by libjpeg in WebAssembly, 3 ms a slice; what it does not take goes to the JavaScript decoder. */
const decodeJpeg: Codec = async (frame, image) => {
  const loaded = await loadLibrary()
  if (loaded === null) return decodeJpegLossless(frame, image)
  try {
    const context = new loaded.Context({
      width: image.columns,
      height: image.rows,
      bitsAllocated: image.bitsAllocated,
      bitsStored: image.bitsAllocated,
      samplesPerPixel: image.samplesPerPixel,
      pixelRepresentation: image.signed ? 1 : 0,
      planarConfiguration: 0,
      photometricInterpretation: 'MONOCHROME2',
      encodedBuffer: frame,
    })
    const decoded = loaded.NativeCodecs.decodeJpeg(context).getDecodedBuffer()
    if (decoded !== undefined) return decoded
  } catch {
    // The other decoder says what is wrong with the image, or reads it. This one leaks its stack at each error and runs
    // for ever after some 30 of them, so that it is done with.
    library = Promise.resolve(null)
  }
  return decodeJpegLossless(frame, image)
}

/** Decoders of this platform by transfer syntax. Nothing is loaded before the first compressed image. */
export const CODECS: Codecs = { [JPEG_LOSSLESS]: decodeJpeg, [JPEG_LOSSLESS_SV1]: decodeJpeg }
