import { EXIT_CODES, EXIT_INTERNAL, isNeckFracError, SOFTWARE } from '@neckfrac/core'
import { Command, CommanderError } from 'commander'
import { anonymizeCommand } from './commands/anonymize.ts'
import { calibrateCommand } from './commands/calibrate.ts'
import { demoCommand } from './commands/demo.ts'
import { evaluateCommand } from './commands/evaluate.ts'
import { infoCommand } from './commands/info.ts'
import { necksCommand } from './commands/necks.ts'
import { phantomCommand } from './commands/phantom.ts'
import { predictCommand } from './commands/predict.ts'
import { prepareCommand } from './commands/prepare.ts'
import { trainCommand } from './commands/train.ts'
import { viewCommand } from './commands/view.ts'

const program = new Command('neckfrac')
  .version(SOFTWARE.version)
  .description(
    'Fracture probabilities for C1-C7 from a cervical-spine CT.\nNot a medical device: trained on synthetic studies only.',
  )
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 input cannot be analysed, 2 wrong usage, 3 internal error or damaged bundle.',
  )

for (const command of [
  predictCommand,
  viewCommand,
  infoCommand,
  anonymizeCommand,
  demoCommand,
  phantomCommand,
  prepareCommand,
  trainCommand,
  calibrateCommand,
  evaluateCommand,
  necksCommand,
]) {
  program.addCommand(command)
}
for (const command of [program, ...program.commands]) {
  command.exitOverride().showHelpAfterError('(run with --help for the options)')
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_CODES.usage
  else if (isNeckFracError(error)) {
    console.error(`neckfrac: ${error.message}`)
    process.exitCode = EXIT_CODES[error.tag]
  } else {
    console.error(error)
    process.exitCode = EXIT_INTERNAL
  }
}
