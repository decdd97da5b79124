/** The cervical levels that the detector judges, in order from the skull down. */
export const LEVELS = ['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7'] as const
export type Level = (typeof LEVELS)[number]

/** Label values of RSNA 2022 and VerSe masks: 0 background, 1-7 = C1-C7, 8-19 = T1-T12. */
export const labelOf = (level: Level): number => LEVELS.indexOf(level) + 1
