import { availableParallelism } from 'node:os'

/** One thread a core, at most eight: every one of them holds a whole volume. */
export const defaultWorkers = (): number => Math.min(8, availableParallelism())
