/** Every error that a user can cause or meet. The message says what was found, where, and what to do. */
export class NeckFracError extends Error {
  /** Stable name of the kind of error; maps to an exit code and, in a service, to an HTTP status. */
  readonly tag: ErrorTag
  constructor(tag: ErrorTag, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'NeckFracError'
    this.tag = tag
  }
}

/**
 * input: the files cannot be read or are no CT that can be analysed.
 * usage: the command was called wrongly.
 * bundle: the model bundle is missing, damaged or does not match its manifest.
 * data: a training or evaluation data set is not laid out as documented.
 */
export type ErrorTag = 'input' | 'usage' | 'bundle' | 'data'

/** Exit codes of the command line: 0 done, 1 input cannot be analysed, 2 usage, 3 internal. */
export const EXIT_CODES: Readonly<Record<ErrorTag, number>> = { input: 1, data: 1, usage: 2, bundle: 3 }
export const EXIT_INTERNAL = 3

export const isNeckFracError = (e: unknown): e is NeckFracError => e instanceof NeckFracError
