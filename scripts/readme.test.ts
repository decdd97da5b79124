import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const root = path.dirname(import.meta.dirname)
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const packageJson: { scripts: Record<string, string> } = JSON.parse(read('package.json'))

/** Pages whose commands a reader copies. */
const PAGES = ['README.md', 'CONTRIBUTING.md', 'docs/train-on-rsna.md', 'training/README.md']

/** The lines of a page's code blocks and its inline code, as a reader would type them. */
const commandsOf = (page: string) => {
  const text = read(page)
  const blocks = [...text.matchAll(/^```\w*\n(.*?)^```/gms)].flatMap(([, block]) => block.split('\n'))
  const inline = [...text.replace(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g)].map(([, code]) => code)
  return [...blocks, ...inline]
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => /^(npm|npx|node) /.test(line))
}

const neckfrac = (...args: string[]) =>
  spawnSync(process.execPath, [path.join(root, 'packages/node/src/cli.ts'), ...args], { encoding: 'utf8' })

const helpTexts = new Map<string, string>()
const helpOf = (subCommand: string) => {
  if (!helpTexts.has(subCommand)) {
    const run = neckfrac(subCommand, '--help')
    expect(run.stderr).toBe('')
    helpTexts.set(subCommand, run.stdout)
  }
  return helpTexts.get(subCommand)!
}

/** Throws when the command names a script, a sub-command, an option or a file that is not there. */
const checkCommand = (command: string) => {
  const [program, ...words] = command.split(/\s+/)
  if (program === 'npm') {
    if (words[0] === 'ci' || words[0] === 'install') return
    const script = words[0] === 'run' ? words[1] : words[0]
    expect(Object.keys(packageJson.scripts)).toContain(script)
  } else if (program === 'node') {
    expect(existsSync(path.join(root, words[0])), words[0]).toBe(true)
  } else if (words[0] === 'neckfrac' && !words[1].startsWith('-')) {
    const help = helpOf(words[1])
    expect(help).toContain(`Usage: neckfrac ${words[1]}`)
    for (const option of words.filter((word) => word.startsWith('-'))) {
      expect(help, `${words[1]} ${option}`).toMatch(new RegExp(`(^|\\s)${option}\\b`))
    }
  }
}

describe.each(PAGES)('%s', (page) => {
  const commands = commandsOf(page)

  test('shows commands', () => {
    expect(commands.length).toBeGreaterThan(3)
  })

  test.each(commands)('%s', (command) => {
    checkCommand(command)
  })

  test('links only to files that are there', () => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target)
    const missing = links.filter((target) => !existsSync(path.join(root, path.dirname(page), target)))
    expect(missing).toEqual([])
  })
})

test('a command that does not exist is caught', () => {
  expect(() => checkCommand('npm run nothing')).toThrow()
  expect(() => checkCommand('npx neckfrac nothing')).toThrow()
  expect(() => checkCommand('npx neckfrac predict PATH --nothing')).toThrow()
})

test('wrong usage ends with the exit code that the README documents', () => {
  expect(neckfrac('nothing').status).toBe(2)
  expect(neckfrac('predict', '--nothing').status).toBe(2)
})
