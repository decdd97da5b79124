import type { Reporter } from 'vitest/node'

/** Ends the output with one plain line that a machine can count: `tests: 12 passed, 0 failed, 1 skipped`. */
export const closingLine: Reporter = {
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      let failedInside = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'failed') failedInside++
        // A test that never ran (an aborted run, a hook that threw) is not a passed one.
        count[state === 'pending' ? 'skipped' : state]++
      }
      // A file that does not load has no tests to fail, and still is a failure.
      if (module.state() === 'failed' && failedInside === 0) count.failed++
    }
    if (unhandledErrors.length > 0 && count.failed === 0) count.failed = unhandledErrors.length
    const line = `tests: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`
    // At the exit, so that nothing of the other reporters can come after it.
    process.once('exit', () => process.stdout.write(`${line}\n`))
  },
}
