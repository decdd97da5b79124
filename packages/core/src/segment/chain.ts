import type { LabelVolume, Volume } from '../volume/volume.ts'
import { SEGMENT_SPACING_MM, tissueRows } from './grid.ts'
import { CLASSES } from './segmentation.ts'

/** A link of the chain: C1 and C2 as one, for the dens stands in C1's ring; C3-C7; T1; T2 and lower. */
const LINKS = 8
const linkOf = (label: number): number => Math.max(0, label - 2)
const ROW_MM = SEGMENT_SPACING_MM.z

/**
 * Height of each link along z, mm, from its own upper end to the next one's: C1's arch to the foot of C2, a body and a
 * disc below. Mean of the development readings of `bench/real-necks/readings.json` (C2 38.4 from the tip of the dens,
 * C3-C6 16.6-17.5); C7 and T1, read in few, a little taller. T2 and lower may be any height.
 */
const HEIGHT_MM = [42, 17, 16.7, 16.7, 16.7, 17.5, 19.5]
/** Standard deviation of a height beside the neck's own scale, as a share; of all necks' scales. */
const HEIGHT_DEVIATION = 0.1
const SCALE_DEVIATION = 0.12
const SCALES = Array.from({ length: 13 }, (_, n) => 0.76 + 0.04 * n)
/** Most rows of a link but the last: 60 mm. */
const MOST_ROWS = 30

/**
 * What the network's say counts, in units of the log-likelihood of heights: a row's labels little, for where it miscounts
 * it does so with certainty; a step from one label to another, whatever they are, and a dip of the bone between two
 * bodies much. Chosen on the development readings: 43 of the 48 sure levels below C2 for nearly all of 0.03-0.06, 2-8, 3-6.
 */
const ROW_WEIGHT = 0.05
const STEP_WEIGHT = 4
const DIP_WEIGHT = 3

/**
 * By how many links the network's names may be off. It errs for all vertebrae below its mistake at once, so that it pays
 * for the mistake, not for each row: e^-2 is one neck in seven. Any of 0.5-3 gives the same levels on the development
 * readings.
 */
const OFFSETS = [0, -1, 1]
const OFFSET_COST = 2
/**
 * T2 and lower have one name: where T1 is called T2, no step shows below it, and half of one is assumed. Only there: a chest,
 * all T2 to the network, would become a neck.
 */
const UNSEEN_STEP = 0.5

/** Bodies: this many slices (4 mm) to either side of the middle, this many columns (2 mm) from the front. */
const BESIDE = 2
const DEPTH = 8
/** Fewer voxels in a row are no body. */
const LEAST_VOXELS = 6
/** The field is cut where the body is half as thick so many rows above the spine. */
const CUT_ROWS = 5
/** Fewer rows of a label within a link are no body of their own. */
const LEAST_ROWS = 2

/** Rows [start, end) of the grid that a link fills. */
type Link = { readonly link: number; readonly start: number; readonly end: number }

/**
 * Counts again. The network tells vertebrae apart better than it counts them: it calls the lower half of C2 "C3", or two
 * bodies by one name, and is off by one from there. The chain whose heights, discs and labels are most likely together
 * decides, and labels that disagree with it are changed in place.
 * @param labels The network's choice on the segmentation grid ([x, z, y]).
 * @param probabilities Softmax [x, class, z, y].
 * @param image HU on the grid.
 */
export function correctCount(labels: LabelVolume, probabilities: Float32Array, image: Volume): void {
  const rows = bodyRows(labels, probabilities)
  const chain = mostLikelyChain(rows, tissueRows(image))
  if (chain.length > 0) relabel(labels, rows, chain)
}

/** Sums of the classes' probabilities over the bodies' voxels, for each row of the grid: [rows][CLASSES]. */
function bodyRows({ data, shape }: LabelVolume, probabilities: Float32Array): Float64Array[] {
  const [slices, rows, columns] = shape
  const perSlice = Array.from({ length: slices }, (_, s) => {
    let count = 0
    for (let n = s * rows * columns; n < (s + 1) * rows * columns; n++) if (data[n] > 0) count++
    return count
  })
  const half = perSlice.reduce((sum, n) => sum + n, 0) / 2
  let middle = 0
  for (let sum = perSlice[0]; sum < half; sum += perSlice[middle]) middle++
  const [first, last] = [Math.max(0, middle - BESIDE), Math.min(slices - 1, middle + BESIDE)]
  return Array.from({ length: rows }, (_, r) => {
    const sums = new Float64Array(CLASSES)
    const found: [slice: number, column: number][] = []
    for (let s = first; s <= last; s++)
      for (let c = 0; c < columns; c++) if (data[(s * rows + r) * columns + c] > 0) found.push([s, c])
    if (found.length < LEAST_VOXELS) return sums
    const front = found.map(([, c]) => c).sort((a, b) => a - b)[Math.floor(found.length / 20)]
    for (const [s, c] of found)
      if (c <= front + DEPTH)
        for (let k = 0; k < CLASSES; k++)
          sums[k] += probabilities[((s * CLASSES + k) * rows + r) * columns + c]
    return sums
  })
}

/** The links from the head down, without a gap; empty where there is next to no spine. */
function mostLikelyChain(rows: readonly Float64Array[], tissue: readonly number[]): Link[] {
  const bone = rows.map((sums) => sums.reduce((sum, p) => sum + p, 0) - sums[0])
  const top = bone.findIndex((b) => b > LEAST_VOXELS / 2)
  const bottom = bone.findLastIndex((b) => b > LEAST_VOXELS / 2) + 1
  const count = bottom - top
  if (top < 0 || count < 5) return []
  const mass = bone.slice(top, bottom)
  const shares = rows.slice(top, bottom).map((sums) => {
    const links = new Float64Array(LINKS)
    for (let k = 1; k < CLASSES; k++) links[linkOf(k)] += sums[k]
    return links
  })
  const borders = shares.map((_, s) => (s === 0 ? NO_BORDER : borderAt(shares, mass, s)))
  const topCut = !(tissue[top - CUT_ROWS] > tissue[top + 2] / 2)
  const states = statesOf(topCut)
  const said = cumulated(states, shares, mass)
  let best: { score: number; chain: Link[] } = { score: -Infinity, chain: [] }
  for (const scale of SCALES) {
    const found = chainAt(scale, states, said, borders, topCut)
    const score = found.score - 0.5 * ((scale - 1) / SCALE_DEVIATION) ** 2
    if (score > best.score) best = { score, chain: found.chain }
  }
  return best.chain.map(({ link, start, end }) => ({ link, start: start + top, end: end + top }))
}

/** A link, and by how many links the network's name for it is off. */
type State = { readonly link: number; readonly offset: number }

/** Each link with each offset; of a cut field with none: nothing but the names tells there which link is the first. */
const statesOf = (topCut: boolean): State[] =>
  Array.from({ length: LINKS }, (_, link) =>
    (topCut ? [0] : OFFSETS).map((offset) => ({ link, offset })),
  ).flat()

/** What the network may call a link: the foot of C2 may be a C3 and T2 a T1 when it is off by one. */
function namesOf({ link, offset }: State): number[] {
  const name = Math.min(Math.max(link + offset, 0), LINKS - 1)
  const ends = link === 0 || link === LINKS - 1
  return ends && name !== link ? [link, name] : [name]
}

/** Weighted log-probability of each state summed over the first n rows: [states][count + 1]. */
function cumulated(
  states: readonly State[],
  shares: readonly Float64Array[],
  mass: readonly number[],
): Float64Array[] {
  const [floor, full] = [0.3, 15] // voxels: what a class may have by mistake, what a row needs to count in full
  return states.map((state) => {
    const names = namesOf(state)
    const sums = new Float64Array(shares.length + 1)
    shares.forEach((share, r) => {
      const said = names.reduce((sum, name) => sum + share[name], floor)
      const p = said / (mass[r] + LINKS * floor)
      sums[r + 1] = sums[r] + ROW_WEIGHT * Math.min(1, mass[r] / full) * Math.log(p)
    })
    return sums
  })
}

/** What speaks for a disc above a row; `unseen` counts where a link begins that has no name of its own. */
type Border = { readonly seen: number; readonly unseen: number }
const NO_BORDER: Border = { seen: 0, unseen: 0 }

/** Seen: other labels below row s than above, and less bone than around. Unseen: the network calls both sides T2. */
function borderAt(shares: readonly Float64Array[], mass: readonly number[], s: number): Border {
  const mean = (from: number, to: number) => {
    const sum = new Float64Array(LINKS)
    for (const share of shares.slice(Math.max(0, from), to)) share.forEach((v, k) => { sum[k] += v }) // biome-ignore format: one sum
    const total = sum.reduce((a, b) => a + b, 0)
    return sum.map((v) => v / Math.max(total, 1e-6))
  }
  const [above, below] = [mean(s - 2, s), mean(s, s + 2)]
  const step = above.reduce((sum, v, k) => sum + Math.abs(v - below[k]), 0) / 2
  const around = Math.max(...mass.slice(Math.max(0, s - 4), s + 4), 1e-6)
  return {
    seen: STEP_WEIGHT * step + DIP_WEIGHT * Math.max(0, 1 - (mass[s - 1] + mass[s]) / 2 / around),
    unseen: STEP_WEIGHT * UNSEEN_STEP * Math.min(above[LINKS - 1], below[LINKS - 1]),
  }
}

/** The best chain of a neck `scale` times as tall as the mean; the last link, and the first of a cut field, may be short. */
function chainAt(
  scale: number,
  states: readonly State[],
  said: readonly Float64Array[],
  borders: readonly Border[],
  topCut: boolean,
): { score: number; chain: Link[] } {
  const count = borders.length
  const height = (link: number, rows: number, cut: boolean): number => {
    if (link === LINKS - 1) return 0
    const z = (rows * ROW_MM - scale * HEIGHT_MM[link]) / (HEIGHT_DEVIATION * HEIGHT_MM[link])
    return cut && z < 0 ? 0 : -0.5 * z * z
  }
  const score = states.map(() => new Float64Array(count + 1).fill(-Infinity))
  const from = states.map(() => new Int32Array(count + 1))
  const before = states.map(() => new Int32Array(count + 1))
  states.forEach(({ link, offset }, n) => {
    const uppers = states.flatMap((s, k) =>
      s.link === link - 1 ? [{ k, cost: s.offset === offset ? 0 : OFFSET_COST }] : [],
    )
    for (let end = 1; end <= count; end++) {
      score[n][end] = height(link, end, topCut || end === count) + said[n][end]
      if (offset !== 0) score[n][end] -= OFFSET_COST
      if (link === 0) continue
      const least = link === LINKS - 1 ? 1 : Math.max(1, end - MOST_ROWS + 1)
      for (let start = least; start < end; start++) {
        const own =
          borders[start].seen +
          (link === LINKS - 1 ? borders[start].unseen : 0) +
          said[n][end] -
          said[n][start] +
          height(link, end - start, end === count)
        for (const { k, cost } of uppers)
          if (score[k][start] - cost + own > score[n][end]) {
            score[n][end] = score[k][start] - cost + own
            from[n][end] = start
            before[n][end] = k
          }
      }
    }
  })
  const ends = score.map((s) => s[count])
  let n = ends.indexOf(Math.max(...ends))
  const best = ends[n]
  const chain: Link[] = []
  for (let end = count; end > 0; ) {
    const start = from[n][end]
    chain.unshift({ link: states[n].link, start, end })
    n = before[n][end]
    end = start
  }
  return { score: best, chain }
}

/** Gives each label's voxels to the link in which its body lies; a body that fills several is divided between them. */
function relabel({ data, shape }: LabelVolume, rows: readonly Float64Array[], chain: readonly Link[]): void {
  const [slices, height, columns] = shape
  const linkAt = rows.map((_, r) => chain.findIndex(({ start, end }) => r >= start && r < end))
  const targets = Array.from({ length: CLASSES }, (_, label) => {
    const own = rows.flatMap((sums, r) => (linkAt[r] >= 0 && mostOf(sums) === label ? [r] : []))
    if (label === 0 || own.length === 0) return () => label
    const parts = chain
      .map(({ link }, n) => ({ link, rows: own.filter((r) => linkAt[r] === n) }))
      .filter(({ rows }) => rows.length >= Math.min(LEAST_ROWS, own.length / 2))
      .map(({ link, rows }) => ({
        name: link === linkOf(label) ? label : link + 2,
        end: rows[rows.length - 1],
      }))
    return (r: number) => (parts.find(({ end }) => r <= end) ?? parts.at(-1))?.name ?? label
  })
  for (let s = 0, n = 0; s < slices; s++)
    for (let r = 0; r < height; r++)
      for (let c = 0; c < columns; c++, n++) if (data[n] > 0) data[n] = targets[data[n]](r)
}

/** The vertebra's class with the largest sum; 0 in a row without bone. */
function mostOf(sums: Float64Array): number {
  let best = 0
  for (let k = 1; k < sums.length; k++) if (sums[k] > (best === 0 ? 0 : sums[best])) best = k
  return best
}
