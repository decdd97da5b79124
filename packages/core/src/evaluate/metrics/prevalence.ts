import type { Share } from '../metrics.ts'
import type { Estimate } from './estimate.ts'

/** Share of fractured patients in trauma series, low and high end (field facts; 47.6 % in RSNA 2022 is enriched). */
export const PREVALENCES = [0.04, 0.1] as const

/** Predictive values at another prevalence; null where they are not defined. */
export type PredictiveValues = {
  readonly prevalence: number
  readonly ppv: Estimate | null
  readonly npv: Estimate | null
}

/**
 * Bayes' rule. The interval takes both shares at the same end of their own intervals, which is wider than 95 %.
 */
export function predictiveValues(
  sensitivity: Share | null,
  specificity: Share | null,
  prevalence: number,
): PredictiveValues {
  if (!sensitivity || !specificity) return { prevalence, ppv: null, npv: null }
  const at = (of: (sensitivity: number, specificity: number) => number | null): Estimate | null => {
    const value = of(sensitivity.value, specificity.value)
    const low = of(sensitivity.low, specificity.low)
    const high = of(sensitivity.high, specificity.high)
    return value === null ? null : { value, interval: low === null || high === null ? null : { low, high } }
  }
  const share = (part: number, other: number) => (part + other === 0 ? null : part / (part + other))
  return {
    prevalence,
    ppv: at((se, sp) => share(prevalence * se, (1 - prevalence) * (1 - sp))),
    npv: at((se, sp) => share((1 - prevalence) * sp, prevalence * (1 - se))),
  }
}
