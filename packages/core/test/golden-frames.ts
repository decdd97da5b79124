import { readFileSync } from 'node:fs'

/** One synthetic image in every compressed transfer syntax, decoded by pydicom: golden/make_frames.py. */
type GoldenFrames = {
  readonly rows: number
  readonly columns: number
  readonly frames: readonly {
    readonly syntax: string
    readonly bitsAllocated: number
    /** base64, as `values`, which stand where decoders may differ by rounding. */
    readonly frame: string
    readonly sha256: string
    readonly values?: string
  }[]
}

export const GOLDEN_FRAMES: GoldenFrames = JSON.parse(
  readFileSync(new URL('./golden/frames.json', import.meta.url), 'utf8'),
)
