/** What the core needs from its platform. Adapters live in packages/node and packages/web. */

/** The part of AbortSignal that the core uses. */
export type Signal = { readonly aborted: boolean; throwIfAborted(): void }

/** One file of a study, wherever it lies. */
export type SourceFile = {
  /** Path relative to the source's root, with forward slashes. For messages and the RSNA slice number only. */
  readonly path: string
  /** Bytes in the file. */
  readonly size: number
  /**
   * Bytes [start, end) of the file; the whole file without a range.
   * @param into Memory for the answer, which may use it where it is enough.
   */
  read(range?: { readonly start: number; readonly end: number }, into?: Uint8Array): Promise<Uint8Array>
}

/** A folder, a zip, a single file, files dropped on a page. */
export type Source = {
  /** What the user called it, for messages and the report. */
  readonly name: string
  /** All files, in a stable order. */
  files(): Promise<readonly SourceFile[]>
  dispose?(): Promise<void>
}

/** A dense array with its shape; the last axis varies fastest. */
export type Tensor = { readonly data: Float32Array; readonly shape: readonly number[] }

/** One loaded network. */
export type Session = {
  run(inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>
  dispose(): Promise<void>
}

/** Loads an ONNX network. */
export type OpenSession = (onnx: Uint8Array) => Promise<Session>

/** How one frame is stored: one sample a pixel, 8 or 16 bits allocated to each. */
export type FrameFormat = {
  readonly rows: number
  readonly columns: number
  readonly bitsAllocated: number
}

/**
 * Decodes one compressed frame to stored values, little endian, as many bytes a sample as BitsAllocated says. A frame
 * that is damaged or ends early is refused. @throws NeckFracError input
 */
export type Codec = (frame: Uint8Array, format: FrameFormat) => Promise<Uint8Array> | Uint8Array

/** Codecs by transfer syntax UID. Uncompressed little endian needs none. */
export type Codecs = Readonly<Record<string, Codec>>

/** Milliseconds since the epoch; an argument, so that the same input gives the same report. */
export type Clock = () => number

/** SHA-256 as 64 lower-case hexadecimal digits. */
export type Digest = (bytes: Uint8Array) => Promise<string>
