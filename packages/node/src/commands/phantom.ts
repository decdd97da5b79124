import { Command } from 'commander'

export const phantomCommand = new Command('phantom')
