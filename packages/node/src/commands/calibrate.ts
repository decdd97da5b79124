import { Command } from 'commander'

export const calibrateCommand = new Command('calibrate')
