// node scripts/python.ts ARG...: runs Python with ARG... from the root of the repository, in an environment
// of its own (training/.venv) that is made on the first call and again when what it is made from changes.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const OLDEST_PYTHON = [3, 11] as const
const root = path.dirname(import.meta.dirname)
const training = path.join(root, 'training')
const venv = path.join(training, '.venv')
const windows = process.platform === 'win32'
const python = path.join(venv, windows ? 'Scripts/python.exe' : 'bin/python')
const stampFile = path.join(venv, 'made-from.sha256')

const fail = (message: string): never => {
  console.error(`python: ${message}`)
  process.exit(1)
}

const versionOf = (command: string): readonly number[] | undefined => {
  const script = 'import sys; print(*sys.version_info[:3])'
  const run = spawnSync(command, ['-c', script], { encoding: 'utf8' })
  return run.status === 0 ? run.stdout.trim().split(' ').map(Number) : undefined
}

const isNewEnough = ([major, minor]: readonly number[]) =>
  major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]

/** The machine's own python3 first; then the names under which a newer one lies beside an old one. */
const findPython = (): { command: string; version: readonly number[] } => {
  const seen: string[] = []
  for (const command of ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11']) {
    const version = versionOf(command)
    if (version && isNewEnough(version)) return { command, version }
    if (version) seen.push(`${command} is ${version.join('.')}`)
  }
  const found = seen.length > 0 ? `found only: ${seen.join(', ')}` : 'found none'
  return fail(
    `training needs Python ${OLDEST_PYTHON.join('.')} or newer as python3 (${found}). Install it and try again.`,
  )
}

/** requirements.txt names the packages; without it, pyproject.toml does, and the trainer is linked in. */
const readRequirements = (): { file: string; pipArguments: readonly string[] } => {
  const requirements = path.join(training, 'requirements.txt')
  if (existsSync(requirements)) return { file: requirements, pipArguments: ['-r', requirements] }
  const project = path.join(training, 'pyproject.toml')
  if (existsSync(project)) return { file: project, pipArguments: ['-e', `${training}[test]`] }
  return fail('neither training/requirements.txt nor training/pyproject.toml is there.')
}

const runOrFail = (command: string, args: readonly string[], what: string) => {
  const run = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (run.status !== 0)
    fail(`${what} failed${run.error ? `: ${run.error.message}` : '; its messages are above'}.`)
}

const makeEnvironment = () => {
  const system = findPython()
  const { file, pipArguments } = readRequirements()
  // An environment holds absolute paths, so one that was moved is made anew, like one whose list changed.
  const stamp = createHash('sha256')
    .update([venv, system.version.join('.'), path.basename(file), readFileSync(file, 'utf8')].join('\n'))
    .digest('hex')
  if (existsSync(python) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  console.error(
    `python: making training/.venv from ${path.relative(root, file)} (PyTorch is large: some minutes the first time)`,
  )
  runOrFail(
    system.command,
    ['-m', 'venv', '--clear', venv],
    `${system.command} -m venv (on Debian: python3-venv)`,
  )
  const pip = ['-m', 'pip', '--disable-pip-version-check', 'install', '--quiet', '--no-input']
  runOrFail(python, [...pip, ...pipArguments], 'pip install')
  writeFileSync(stampFile, stamp)
}

makeEnvironment()
const run = spawnSync(python, process.argv.slice(2), { cwd: root, stdio: 'inherit' })
if (run.error) fail(`cannot start ${python}: ${run.error.message}`)
process.exitCode = run.status ?? 1
