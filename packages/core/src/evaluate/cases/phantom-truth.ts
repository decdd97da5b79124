import { LEVELS, type Level } from '../../levels.ts'
import type { PhantomTruth } from '../../phantom/study.ts'
import type { SliceBox } from '../../prepare/heat.ts'
import { hull } from '../metrics/overlap.ts'
import type { Box3, CaseTruth, StudyCase } from './study-case.ts'

/** What is read of a phantom's truth; what a generator of another version does not say may be missing. */
export type TruthFacts = Pick<PhantomTruth, 'fractured'> & {
  readonly fractures: readonly {
    readonly level: Level
    readonly type: string
    readonly severity: number
    readonly boxes: readonly SliceBox[]
  }[]
  readonly family?: string
  readonly lookAlikes?: readonly { readonly type: string; readonly level?: string | null }[]
  readonly scan?: {
    readonly sliceMm?: number
    readonly thicknessMm?: number
    readonly noiseHu?: number
    readonly kernel?: string
  }
}

/** The box in three dimensions of a finding that is drawn slice by slice. */
export const hullOfSlices = (boxes: readonly SliceBox[]): Box3 | null =>
  hull(
    boxes.map(({ x, y, width, height, sliceIndex }) => ({
      from: [x, y, sliceIndex],
      to: [x + width, y + height, sliceIndex + 1],
    })),
  )

/** Places of one finding, or findings where nothing names them: boxes on neighbouring slices that overlap are one. */
export function groupBoxes(boxes: readonly SliceBox[]): SliceBox[][] {
  const placed = [...boxes].sort((a, b) => a.sliceIndex - b.sliceIndex)
  const groups: SliceBox[][] = []
  for (const box of placed) {
    const touching = groups.filter((group) => group.some((other) => touches(other, box)))
    const merged = [...touching.flat(), box]
    groups.splice(0, groups.length, ...groups.filter((g) => !touching.includes(g)), merged)
  }
  return groups
}

const touches = (a: SliceBox, b: SliceBox): boolean =>
  Math.abs(a.sliceIndex - b.sliceIndex) <= 1 &&
  a.x < b.x + b.width &&
  b.x < a.x + a.width &&
  a.y < b.y + b.height &&
  b.y < a.y + a.height

/** @param sliceNumber Number of a slice in the space of the boxes; the slice's own index when it is left out. */
export function truthOfPhantom(
  facts: TruthFacts,
  sliceNumber: (sliceIndex: number) => number = (index) => index,
): CaseTruth {
  return {
    fractured: { ...facts.fractured },
    fractures: facts.fractures.flatMap(({ level, type, severity, boxes }) =>
      (boxes.length ? groupBoxes(boxes) : [[]]).map((own) => ({
        level,
        type,
        severity,
        box: hullOfSlices(own.map((b) => ({ ...b, sliceIndex: sliceNumber(b.sliceIndex) }))),
      })),
    ),
    lookAlikes:
      facts.lookAlikes?.map(({ type, level }) => ({
        type,
        level: LEVELS.find((l) => l === level) ?? null,
      })) ?? null,
  }
}

/** What the truth says about the scan. */
export function scanOfPhantom({ scan }: TruthFacts): Partial<StudyCase['scan']> {
  const sliceMm = scan?.thicknessMm ?? scan?.sliceMm
  return {
    ...(sliceMm === undefined ? {} : { sliceMm }),
    ...(scan?.noiseHu === undefined ? {} : { noiseHu: scan.noiseHu }),
    ...(scan?.kernel === undefined ? {} : { kernel: scan.kernel }),
  }
}
