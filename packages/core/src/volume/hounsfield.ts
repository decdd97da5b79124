import type { PixelFormat } from '../dicom/instance.ts'

/** Range of the HU kept: air and below is -1024, as CT scanners pad; 3071 is the end of the usual 12-bit scale. */
export const HU_MIN = -1024
export const HU_MAX = 3071

/** Above this and within the scale a padding value would punch holes into tissue instead of air (fat is -100). */
const PADDING_IS_AIR_BELOW_HU = -900

export type HounsfieldTable = {
  /** HU by stored value, read as an unsigned number of BitsAllocated bits. */
  readonly table: Int16Array
  /** PixelPaddingValue stands for a HU of tissue, so it was not used. */
  readonly paddingIgnored: boolean
}

/**
 * One table for everything between a stored value and its HU: BitsStored, HighBit, PixelRepresentation, slope,
 * intercept, padding, range. A volume is then one look-up a voxel, in any pixel format.
 */
export function createHounsfieldTable(format: PixelFormat): HounsfieldTable {
  const { bitsAllocated, bitsStored, highBit, signed, padding } = format
  const slope = format.rescaleSlope ?? 1
  const intercept = format.rescaleIntercept ?? 0
  const table = new Int16Array(2 ** bitsAllocated)
  const drop = highBit + 1 - bitsStored
  const sign = signed ? 2 ** (bitsStored - 1) : 0
  const paddingHu = padding === null ? 0 : padding[0] * slope + intercept
  const usePadding = padding !== null && (paddingHu < PADDING_IS_AIR_BELOW_HU || paddingHu > HU_MAX)
  for (let raw = 0; raw < table.length; raw++) {
    const bits = (raw >> drop) & (2 ** bitsStored - 1)
    const value = bits >= sign && signed ? bits - 2 * sign : bits
    const isPadding = usePadding && value >= padding[0] && value <= padding[1]
    table[raw] = isPadding ? HU_MIN : clampHu(value * slope + intercept)
  }
  return { table, paddingIgnored: padding !== null && !usePadding }
}

/** Nearest whole HU in the range kept; NaN is air. */
export function clampHu(hu: number): number {
  if (!(hu > HU_MIN)) return HU_MIN
  return hu > HU_MAX ? HU_MAX : Math.round(hu)
}
