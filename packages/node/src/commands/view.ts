import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { Command } from 'commander'
import { DEFAULT_BUNDLE } from '../bundle.ts'
import { readSeriesRules, seriesRulesOption } from '../series-rules.ts'
import { openPage } from '../view/page.ts'
import { serveStudies } from '../view/server.ts'
import { viewStudies } from '../view/studies.ts'
import { parseCount } from './arguments.ts'
import { makePatient } from './demo.ts'

type ViewOptions = { bundle: string; out: string; port: number; open: boolean; seriesRules?: string }

export const viewCommand = new Command('view')
  .description('Analyse studies and look at them in the browser: images, findings, your own verdict.')
  .argument('[path...]', 'folders, files or zips: DICOM or NIfTI; without one, a synthetic patient')
  .option('--out <dir>', 'where reports and feedback are kept', 'neckfrac-out')
  .option('--bundle <dir>', 'folder of the model bundle', DEFAULT_BUNDLE)
  .option('--port <n>', 'port on 127.0.0.1; 0 takes a free one', parseCount, 0)
  .option('--no-open', 'print the address without opening a browser')
  .addOption(seriesRulesOption())
  .addHelpText(
    'after',
    '\nServes until Ctrl-C, on this machine only. The address holds a key: keep it to yourself.',
  )
  .action(async (paths: string[], { bundle, out, port, open, seriesRules }: ViewOptions) => {
    const rules = await readSeriesRules(seriesRules)
    const page = await openPage()
    const chosen = paths.length > 0 ? paths : [await makePatient(join(out, 'synthetic-patient'))]
    const studies = await viewStudies(chosen, { bundle, out, rules })
    const server = await serveStudies({ studies, page, port }).catch(async (error) => {
      await studies.dispose()
      throw error
    })
    console.log(`NeckFrac: ${server.url}\nCtrl-C ends it. Not a medical device.`)
    if (open && process.stdout.isTTY) openBrowser(server.url)
    await new Promise<void>((done) => {
      process.once('SIGINT', done).once('SIGTERM', done)
    })
    await server.dispose()
    await studies.dispose()
  })

/** The desktop's own opener; where there is none, the printed address has to do. */
function openBrowser(url: string): void {
  const command = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open'
  spawn(command, [url], { stdio: 'ignore', detached: true })
    .once('error', () => {})
    .unref()
}
