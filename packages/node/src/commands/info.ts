import { Command } from 'commander'

export const infoCommand = new Command('info')
