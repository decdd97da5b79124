import { join } from 'node:path'
import { Command } from 'commander'
import { DEFAULT_BUNDLE } from '../bundle.ts'
import { writePhantomSet } from '../data-sets/phantom-set.ts'
import { interruptible } from '../interrupt.ts'
import { FORMATS, predict } from '../predict.ts'

/** A patient that no shipped network, calibration or evaluation has seen. */
const DEMO_SEED = 2028

export const demoCommand = new Command('demo')
  .description('Analyse a synthetic patient with the shipped networks, or the study at PATH.')
  .argument('[path]', 'your own study: folder, file or zip')
  .option('--out <dir>', 'where the report goes', join('out', 'demo'))
  .action(async (path: string | undefined, { out }: { out: string }) => {
    const study = path ?? (await makePatient(join(out, 'synthetic-patient')))
    process.exitCode = await predict([study], { out, format: FORMATS, bundle: DEFAULT_BUNDLE, threads: 0 })
    console.log(`\nLook at it in the browser: npx neckfrac view ${study} --out ${out}`)
  })

/** Writes the synthetic patient as DICOM, as a scanner would send it; returns the folder of its slices. */
export async function makePatient(out: string): Promise<string> {
  console.log('Making a SYNTHETIC patient: 300 slices of 512 x 512 …')
  const failures = await interruptible((signal) =>
    writePhantomSet({
      out,
      studies: 1,
      seed: DEMO_SEED,
      preset: 'rsna',
      workers: 1,
      signal,
      onStudy: () => {},
    }),
  )
  if (failures.length > 0) throw new Error(failures[0])
  return join(out, 'train_images')
}
