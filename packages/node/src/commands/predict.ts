import { Command } from 'commander'

export const predictCommand = new Command('predict')
