import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { NeckFracError, SOFTWARE } from '@neckfrac/core'
import { Command, InvalidArgumentError, Option } from 'commander'
import { interruptible } from '../interrupt.ts'
import { describeEstimate, estimate } from '../training/estimate.ts'
import { openPython } from '../training/python.ts'
import { openTraining, type TrainOptions, train } from '../training/train.ts'
import { parseCount } from './arguments.ts'

type Options = Omit<TrainOptions, 'recipe' | 'half'> & { readonly half?: boolean; readonly dryRun?: boolean }

/** Seconds for which --dry-run measures each network. */
const MEASURE_SECONDS = 3

export const trainCommand = new Command('train')
  .description(
    'Train all networks from a prepared data set to a bundle: segmenter, crops out of fold, Models I and II, decision, card. The same command continues what was stopped.',
  )
  .argument('<recipe>', 'name of a recipe in training/recipes, or a .toml file')
  .requiredOption('--data <dir>', 'what `neckfrac prepare` wrote')
  .requiredOption('--out <dir>', 'folder of the training; the bundle goes to its bundle/')
  .option('--name <name>', "name of the bundle (default: the recipe's)")
  .option('--version <version>', 'version of the bundle', SOFTWARE.version)
  .option(
    '--segmenter <dir>',
    "take an earlier training's segmenter (OUT/fold-0/segmenter) instead of training one",
  )
  .option('--dry-run', 'print steps, sizes and times, measured here for some seconds, and stop')
  .option(
    '--minutes-scale <x>',
    "multiplies the recipe's times, or its epochs where it has no times",
    parseFactor,
    1,
  )
  .option('--processes <n>', 'trainer processes on this machine (torchrun): one a GPU', parsePositive, 1)
  .option(
    '--nodes <n>',
    'machines that run this command together, with --out in a shared folder',
    parsePositive,
    1,
  )
  .option('--node-rank <n>', 'number of this machine, from 0', parseCount, 0)
  .option('--master <host:port>', 'where machine 0 is reached', '127.0.0.1:29500')
  .addOption(new Option('--device <name>', 'cpu leaves a GPU alone').choices(['cpu']))
  .option('--half', 'store weights as float16')
  .option('--workers <n>', 'threads for crops and predictions', parsePositive, availableParallelism())
  .action(async (recipe: string, { dryRun, half, ...options }: Options) => {
    if (options.nodeRank >= options.nodes)
      throw new NeckFracError(
        'usage',
        `--node-rank ${options.nodeRank} must be below --nodes ${options.nodes}`,
      )
    if (!/^[\w.-]+:\d+$/.test(options.master))
      throw new NeckFracError('usage', `--master ${options.master} is not host:port`)
    await interruptible(async (signal) => {
      const python = await openPython(signal)
      const asked = { ...options, recipe, half: half ?? false }
      const training = await openTraining(asked, python, dryRun ? MEASURE_SECONDS : 0)
      const { machine } = training.plan
      if (machine) {
        console.log(describeEstimate(training, machine, await estimate(training, machine)))
        return
      }
      await train(training, python, console.log, signal)
      if (options.nodeRank === 0) {
        console.log(`Bundle: ${join(options.out, 'bundle')}`)
        console.log(`Curves: ${join(options.out, 'curves.html')}`)
      }
    })
  })

function parsePositive(text: string): number {
  const count = parseCount(text)
  if (count < 1) throw new InvalidArgumentError('It must be at least 1.')
  return count
}

function parseFactor(text: string): number {
  const factor = Number(text)
  if (!(factor > 0 && Number.isFinite(factor))) throw new InvalidArgumentError('It must be above 0.')
  return factor
}
