import { isNeckFracError } from '../../errors.ts'
import type { Codec, FrameFormat } from '../../ports.ts'
import {
  checkEnd,
  checkHeader,
  damaged,
  readJ2kHeader,
  readJpegHeader,
  type StreamHeader,
  widen,
} from './stream.ts'

/** Functions that the WebAssembly of dcmjs-codecs exports; a context is an address in its memory. */
type Library = {
  readonly memory: { readonly buffer: ArrayBuffer }
  _initialize(): void
  CreateCodecsContext(): number
  ReleaseCodecsContext(context: number): void
  CreateDecoderParameters(): number
  ReleaseDecoderParameters(parameters: number): void
  SetColumns(context: number, columns: number): void
  SetRows(context: number, rows: number): void
  SetBitsAllocated(context: number, bits: number): void
  SetBitsStored(context: number, bits: number): void
  SetSamplesPerPixel(context: number, samples: number): void
  SetPixelRepresentation(context: number, signed: number): void
  SetPhotometricInterpretation(context: number, index: number): void
  SetEncodedBufferSize(context: number, bytes: number): void
  GetEncodedBuffer(context: number): number
  GetDecodedBuffer(context: number): number
  GetDecodedBufferSize(context: number): number
} & Readonly<Record<DecodeName, (context: number, parameters: number) => void>>

type DecodeName = 'DecodeJpeg' | 'DecodeJpeg2000' | 'DecodeHtJpeg2000'

/** Makes an instance of dcmjs-native-codecs.wasm with these imports; its exports. */
export type Instantiate = (
  imports: Readonly<Record<string, Readonly<Record<string, (...numbers: number[]) => number>>>>,
) => Readonly<Record<string, unknown>>

const MONOCHROME2 = 1
/** Warnings of libjpeg after which samples are made up, and all of OpenJPEG's. */
const MADE_UP = /Corrupt JPEG|Premature end|OpjMessageCallback(Warning|Error)/

/**
 * JPEG (lossy and lossless, 8 to 16 bits), JPEG 2000 and HTJ2K by libijg, OpenJPEG and OpenJPH, compiled to WebAssembly by dcmjs-codecs. Used without that package's wrapper, which needs `eval` to load and keeps one
 * instance for ever: the stack of an instance is not unwound after an error, and after some 30 of them it runs for ever.
 * Here each error ends its instance.
 */
export function createNativeCodecs(
  load: () => Promise<Instantiate>,
): Readonly<Record<'jpeg' | 'jpeg2000' | 'htj2k', Codec>> {
  let loaded: Promise<Instantiate> | null = null
  let library: Library | null = null
  const decode = async (name: DecodeName, frame: Uint8Array, header: StreamHeader, format: FrameFormat) => {
    checkHeader(header, format)
    checkEnd(frame)
    loaded ??= load()
    const instantiate = await loaded
    library ??= open(instantiate)
    try {
      const samples = run(library, name, frame, header)
      if (header.precision > 8 || format.bitsAllocated === 8) return samples
      return widen(samples, header.signed)
    } catch (error) {
      library = null
      // OpenJPH ends in a trap of WebAssembly, which says nothing but that the code was never to be reached.
      throw isNeckFracError(error) ? error : damaged('cannot be decoded: damaged compressed frame')
    }
  }
  return {
    jpeg: async (frame, format) => decode('DecodeJpeg', frame, readJpegHeader(frame), format),
    jpeg2000: async (frame, format) => decode('DecodeJpeg2000', frame, readJ2kHeader(frame), format),
    htj2k: async (frame, format) => decode('DecodeHtJpeg2000', frame, readJ2kHeader(frame), format),
  }
}

function run(library: Library, name: DecodeName, frame: Uint8Array, header: StreamHeader): Uint8Array {
  const context = library.CreateCodecsContext()
  library.SetColumns(context, header.columns)
  library.SetRows(context, header.rows)
  library.SetBitsAllocated(context, header.precision > 8 ? 16 : 8)
  library.SetBitsStored(context, header.precision)
  library.SetSamplesPerPixel(context, 1)
  library.SetPixelRepresentation(context, header.signed ? 1 : 0)
  library.SetPhotometricInterpretation(context, MONOCHROME2)
  library.SetEncodedBufferSize(context, frame.length)
  new Uint8Array(library.memory.buffer).set(frame, library.GetEncodedBuffer(context))
  const parameters = library.CreateDecoderParameters()
  library[name](context, parameters)
  const start = library.GetDecodedBuffer(context)
  const samples = new Uint8Array(library.memory.buffer).slice(
    start,
    start + library.GetDecodedBufferSize(context),
  )
  library.ReleaseDecoderParameters(parameters)
  library.ReleaseCodecsContext(context)
  return samples
}

/** An instance in which whatever is not plain success throws. */
function open(instantiate: Instantiate): Library {
  const textAt = (at: number, length: number) =>
    String.fromCharCode(...new Uint8Array(library.memory.buffer, at, Math.min(length, 400)))
  const fail = (text: string): never => {
    throw damaged(`cannot be decoded: ${text.replace(/^.*::\s*/, '').trim()}`)
  }
  const ok = () => 0
  const exports = instantiate({
    env: {
      onCodecsException: (at: number, length: number) => fail(textAt(at, length)),
      onCodecsInfo: (at: number, length: number) => {
        const text = textAt(at, length)
        return MADE_UP.test(text) ? fail(text) : 0
      },
      onCodecsTrace: ok,
      emscripten_notify_memory_growth: ok,
    },
    wasi_snapshot_preview1: {
      proc_exit: (code: number) => fail(`the decoder ended with ${code}`),
      clock_time_get: ok,
      environ_get: ok,
      environ_sizes_get: (count: number, size: number) => {
        const view = new DataView(library.memory.buffer)
        view.setUint32(count, 0, true)
        view.setUint32(size, 0, true)
        return 0
      },
      fd_seek: ok,
      fd_close: ok,
      // The libraries print what they find wrong with a frame, and go on.
      fd_write: (_: number, vectors: number) => {
        const view = new DataView(library.memory.buffer)
        return fail(textAt(view.getUint32(vectors, true), view.getUint32(vectors + 4, true)))
      },
    },
  })
  const library = exports as unknown as Library
  library._initialize()
  return library
}
