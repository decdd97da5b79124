import { type Picture, write } from '../phantom/gallery/picture.ts'
import type { Vec3 } from '../volume/geometry.ts'
import { OUTSIDE_HU } from '../volume/resample.ts'
import type { Volume } from '../volume/volume.ts'
import type { Canal } from './canal.ts'
import { cubicSampler } from './cubic.ts'

/** Cuts of one sheet, mm from the canal's middle, and whether each height has its own window. */
export type Cuts = {
  /** To the left: bodies, and the facets on either side (sides may be exchanged). */
  readonly sagittalMm: readonly number[]
  /** In front: dens and bodies. */
  readonly coronalMm: readonly number[]
  /** Stretches grey so that dim, blurred discs at the shoulders show. */
  readonly evened: boolean
}

/** How the pictures for reading levels are made; kept with the readings. */
export const READING = {
  pixelMm: 0.23,
  /** The first sheet to count on, the second to measure on; a repeated reading uses the second alone. */
  sheets: {
    count: { sagittalMm: [-10, 0, 10], coronalMm: [16], evened: false },
    measure: { sagittalMm: [-3, 0, 3], coronalMm: [16], evened: true },
  },
  /** Shown in front of the canal and behind it, mm. What lies further in front is a face. */
  frontMm: 40,
  backMm: 44,
  /** Shown on either side of a coronal cut, mm. */
  besideMm: 32,
  /** Bone window, HU. */
  window: [-150, 900],
  /** Shown above the cord's upper end and below it, mm: the skull's base and T2. */
  aboveMm: 40,
  belowMm: 145,
} as const

/** Left edge of each panel holds the ruler, pixels. */
const RULER = 44
/** Rows above the pictures hold the titles. */
const HEADER = 30
const GRID_MM = 10

/** Cuts curved along the canal, side by side, with a ruler of heights: what a reader counts vertebrae on. */
export function drawReadingSheet(
  name: string,
  volume: Volume,
  canal: Canal,
  field: { readonly top: number; readonly bottom: number },
  { sagittalMm, coronalMm, evened }: Cuts,
): Picture {
  const { pixelMm, frontMm, backMm, besideMm, aboveMm, belowMm } = READING
  const top = Math.min(field.top, canal.cord.top + aboveMm)
  const bottom = Math.max(field.bottom, canal.cord.top - belowMm)
  const height = Math.ceil((top - bottom) / pixelMm) + HEADER
  const z = (row: number) => top - (row - HEADER) * pixelMm
  const panels = [
    ...sagittalMm.map((x) => ({
      title: `${x > 0 ? '+' : ''}${x}mm`,
      width: Math.round((frontMm + backMm) / pixelMm),
      at: (u: number, [cx, cy, cz]: Vec3): Vec3 => [cx + x, cy - frontMm + u * pixelMm, cz],
    })),
    ...coronalMm.map((y) => ({
      title: `c${y}mm`,
      width: Math.round((2 * besideMm) / pixelMm),
      at: (u: number, [cx, cy, cz]: Vec3): Vec3 => [cx - besideMm + u * pixelMm, cy - y, cz],
    })),
  ]
  const width = panels.reduce((sum, p) => sum + p.width + RULER, 0)
  const hu = new Float32Array(width * height).fill(OUTSIDE_HU)
  const sample = cubicSampler(volume)
  let left = RULER
  for (const panel of panels) {
    for (let row = HEADER; row < height; row++) {
      const centre = canal.at(z(row))
      for (let u = 0; u < panel.width; u++) hu[row * width + left + u] = sample(panel.at(u, centre))
    }
    left += panel.width + RULER
  }
  const picture = { width, height, pixels: toGrey(hu, width, height, evened) }
  left = 0
  for (const panel of panels) {
    drawRuler(picture, left, panel.width, z)
    write(picture, panel.title, left + RULER, 4, 3)
    left += panel.width + RULER
  }
  write(picture, name, 2, 2)
  return picture
}

/** Share of what is denser than water that may be white when each band of heights has its own window. */
const WHITE = 0.03
const BAND_MM = 8

function toGrey(hu: Float32Array, width: number, height: number, evened: boolean): Uint8Array {
  const [low, high] = READING.window
  const band = Math.round(BAND_MM / READING.pixelMm)
  const whites = Array.from({ length: Math.ceil(height / band) }, (_, n) =>
    evened ? whiteOf(hu.subarray(Math.max(0, n - 1) * band * width, (n + 2) * band * width)) : high,
  )
  const pixels = new Uint8Array(width * height)
  for (let row = 0; row < height; row++) {
    const at = Math.min(Math.max(row / band - 0.5, 0), whites.length - 1)
    const [a, b] = [whites[Math.floor(at)], whites[Math.ceil(at)]]
    const to = a + (at % 1) * (b - a)
    const from = evened ? 0 : low
    for (let n = row * width; n < (row + 1) * width; n++)
      pixels[n] = Math.min(Math.max(Math.round((255 * (hu[n] - from)) / (to - from)), 0), 255)
  }
  return pixels
}

/** HU shown white. */
function whiteOf(hu: Float32Array): number {
  const counts = new Uint32Array(READING.window[1] + 1)
  let total = 0
  for (let n = 0; n < hu.length; n += 5) {
    if (!(hu[n] > 0)) continue
    counts[Math.min(Math.round(hu[n]), counts.length - 1)]++
    total++
  }
  let value = counts.length - 1
  for (let seen = counts[value]; seen < WHITE * total && value > 250; ) seen += counts[--value]
  return value
}

/** Heights in LPS, mm, every 10 mm, with a dotted line across the panel. */
function drawRuler(picture: Picture, left: number, across: number, z: (row: number) => number): void {
  for (let row = HEADER + 1; row < picture.height; row++) {
    const mark = Math.ceil(z(row) / GRID_MM) * GRID_MM
    if (!(z(row) <= mark && z(row - 1) > mark)) continue
    write(picture, String(mark), left, row - 4)
    for (let u = RULER - 6; u < RULER + across; u += u < RULER ? 1 : 12) {
      picture.pixels[row * picture.width + left + u] = 255
    }
  }
}
