import { countReasons, EXIT_CODES } from '@neckfrac/core'
import { Command } from 'commander'
import { anonymize } from '../anonymize.ts'
import { interruptible } from '../interrupt.ts'
import { createProgress } from '../progress.ts'
import { withoutControls } from '../terminal-text.ts'

type Options = { out: string; key?: string; includeBurnedIn?: boolean; paths?: boolean }

export const anonymizeCommand = new Command('anonymize')
  .description(
    'Write copies of DICOM files without the patient: PS3.15 Basic Profile. Faces in the pixels stay as they are.',
  )
  .argument('<path...>', 'folders, files or zips')
  .requiredOption('--out <dir>', 'where the copies go: STUDY/SERIES/INSTANCE.dcm, named by their new UIDs')
  .option(
    '--key <file>',
    'secret that new UIDs and patient IDs come from; made when missing (default: DIR.key)',
  )
  .option('--include-burned-in', 'also images that may show the name in their pixels')
  .option('--paths', 'name the skipped files; paths often hold the names of patients')
  .action(async (paths: string[], options: Options) => {
    const key = options.key ?? `${options.out.replace(/[/\\]+$/, '')}.key`
    const progress = createProgress('anonymize', 1)
    const { written, skipped } = await interruptible((signal) =>
      anonymize(paths, { ...options, key, signal, onFile: (done, total) => progress.update(done / total) }),
    ).finally(() => progress.done())
    for (const line of countReasons(skipped, { paths: options.paths ?? false }))
      console.log(withoutControls(line))
    console.log(`${written} files written to ${options.out}, ${skipped.length} skipped.`)
    console.log(
      `Key: ${key}. Keep it apart from the files, or delete it: with it the old UIDs lead to the new ones.`,
    )
    if (written === 0) process.exitCode = EXIT_CODES.input
  })
