import { Command } from 'commander'

export const prepareCommand = new Command('prepare')
