import { defineConfig } from 'vitest/config'
import { closingLine } from './scripts/closing-line.ts'

export default defineConfig({
  test: {
    include: ['{packages,scripts,bench}/**/*.test.ts'],
    // Two busy cores render and read whole studies here.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    reporters: ['default', closingLine],
  },
})
