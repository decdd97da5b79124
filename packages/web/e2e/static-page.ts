import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Report } from '@neckfrac/core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const root = join(import.meta.dirname, '..', '..', '..')
const run = promisify(execFile)

/** What `npm run build:web` makes, in a folder of one's own. */
export async function buildStaticPage(folder: string): Promise<void> {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const options = ['--outDir', folder, '--emptyOutDir', '--logLevel', 'warn']
  await run(process.execPath, [vite, 'build', join(root, 'packages', 'web'), ...options])
}

/** Reports of the command line, by the study's UID. */
export async function predictByCommandLine(
  paths: readonly string[],
  out: string,
): Promise<Map<string, Report>> {
  const cli = join(root, 'packages', 'node', 'src', 'cli.ts')
  await run(process.execPath, [cli, 'predict', ...paths, '--out', out, '--format', 'json'])
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((f) =>
    f.endsWith('report.json'),
  )
  const reports = files.map((file): Report => JSON.parse(readFileSync(join(out, file), 'utf8')))
  return new Map(reports.map((report) => [report.studyInstanceUid, report]))
}

declare global {
  var reportsOfWorkers: Report[]
}

/** Keeps the reports that the page's workers hand to it: the page itself shows rounded numbers. Before the page is opened. */
export async function keepReports(page: Page): Promise<void> {
  await page.addInitScript(() => {
    globalThis.reportsOfWorkers = []
    globalThis.Worker = class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args)
        this.addEventListener('message', ({ data }) => {
          if (data?.kind === 'done' && data.value?.report) globalThis.reportsOfWorkers.push(data.value.report)
        })
      }
    }
  })
}

export const reportsOf = (page: Page): Promise<Report[]> => page.evaluate(() => globalThis.reportsOfWorkers)

/** Largest difference of a probability between a tab and the command line. */
const TOLERANCE = 0.01

/** Whether the tab's probabilities are the command line's, C1-C7 and the patient's, and the same ones are missing. */
export function expectAgreement(tab: Report, commandLine: Report): void {
  const [found, wanted] = [tab, commandLine].map(probabilitiesOf)
  for (const [n, probability] of wanted.entries()) {
    const what = `${commandLine.studyInstanceUid} ${n}`
    expect(found[n] === null, what).toBe(probability === null)
    expect(Math.abs(found[n]! - probability!), what).toBeLessThan(TOLERANCE)
  }
}

/** C1-C7, then the patient. */
export const probabilitiesOf = ({ vertebrae, patient }: Report): (number | null)[] => [
  ...vertebrae.map(({ probability }) => probability),
  patient.probability,
]
