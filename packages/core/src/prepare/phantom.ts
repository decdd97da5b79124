import { LEVELS, type Level } from '../levels.ts'
import type { PhantomStudy } from '../phantom/study.ts'
import type { Segmentation } from '../segment/segmentation.ts'
import { heatOf, paintVoxels } from './heat.ts'
import { type HeatSource, type PreparedStudy, prepareCrops, prepareStudy } from './study.ts'

export type Fractured = Readonly<Record<Level, boolean>>

/**
 * A phantom for training. A fracture counts only where the crop of its vertebra shows it.
 * @param segmentation Crops follow these vertebrae instead of the true ones, as they will in use.
 */
export function preparePhantom(
  phantom: PhantomStudy,
  segmentation?: Segmentation,
): { prepared: PreparedStudy; fractured: Fractured } {
  const { volume, labels, truth } = phantom
  const voxels = fractureVoxels(phantom)
  const heatSource: HeatSource = ({ level, centreLps }) => {
    const own = truth.fractures.flatMap((f, n) => (f.level === level ? [voxels[n]] : []))
    return heatOf(paintVoxels(own.flat(), volume, centreLps))
  }
  const expert = prepareStudy(volume, labels, heatSource)
  const prepared = segmentation
    ? { ...expert, crops: prepareCrops(volume, segmentation, heatSource) }
    : expert
  const { crops } = prepared
  const shown = (level: Level) => {
    if (!crops) return true
    const n = crops.levels.indexOf(level)
    if (n < 0) return false
    const size = crops.heat.data.length / crops.levels.length
    return crops.heat.data.subarray(n * size, (n + 1) * size).some((v) => v > 0)
  }
  const fractured = Object.fromEntries(LEVELS.map((l) => [l, truth.fractured[l] && shown(l)])) as Fractured
  return { prepared, fractured }
}

/** Indices of the voxels of each fracture of the truth. */
function fractureVoxels({ fractureMask, truth }: PhantomStudy): number[][] {
  const voxels: number[][] = truth.fractures.map(() => [])
  for (let n = 0; n < fractureMask.length; n++) if (fractureMask[n] > 0) voxels[fractureMask[n] - 1].push(n)
  return voxels
}
