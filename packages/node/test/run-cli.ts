import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

/** Runs `neckfrac` in a process of its own. */
export const run = (...args: string[]) => runIn(process.env, ...args)

/** The same with another environment. */
export const runIn = (env: NodeJS.ProcessEnv, ...args: string[]) =>
  new Promise<{ code: number; printed: string }>((resolve) => {
    execFile(process.execPath, [CLI, ...args], { maxBuffer: 1e8, env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, printed: stdout + stderr }),
    )
  })
