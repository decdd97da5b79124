import { Command, InvalidArgumentError } from 'commander'
import { DEFAULT_BUNDLE } from '../bundle.ts'
import { FORMATS, type Format, type PredictOptions, predict } from '../predict.ts'
import { readSeriesRules, seriesRulesOption } from '../series-rules.ts'
import { parseCount } from './arguments.ts'

export const predictCommand = new Command('predict')
  .description('Read CT studies and report the probability of a fracture for C1-C7 and the patient.')
  .argument('<path...>', 'folders, files or zips: DICOM or NIfTI; one may hold many studies')
  .option('--out <dir>', 'where the reports go', 'neckfrac-out')
  .option('--format <list>', `comma-separated: ${FORMATS.join(', ')}`, parseFormats, [...FORMATS])
  .option('--bundle <dir>', 'folder of the model bundle', DEFAULT_BUNDLE)
  .option('--threads <n>', 'threads for the networks; 0 lets ONNX Runtime choose', parseCount, 0)
  .option('--operating-point <name>', "one of the bundle's, e.g. f2, specificity-90, sensitivity-98")
  .addOption(seriesRulesOption())
  .action(async (paths: string[], options: PredictOptions & { seriesRules?: string }) => {
    const rules = await readSeriesRules(options.seriesRules)
    process.exitCode = await predict(paths, { ...options, rules })
  })

function parseFormats(text: string): Format[] {
  return text.split(',').map((name) => {
    const format = FORMATS.find((f) => f === name.trim())
    if (!format) throw new InvalidArgumentError(`"${name}" is not one of ${FORMATS.join(', ')}.`)
    return format
  })
}
