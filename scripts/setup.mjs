// Installs what package-lock.json asks for, when it is not there yet. Every command of package.json runs
// this first, so that each works by itself in a fresh clone. Plain JavaScript without dependencies: it is
// the one file that runs on the Node of the machine; everything after it runs on the pinned one.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 20
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const installed = path.join(root, 'node_modules', '.package-lock.json')
const pinnedNode = path.join(root, 'node_modules', 'node', 'bin', nodeFile())

function nodeFile() {
  return process.platform === 'win32' ? 'node.exe' : 'node'
}

/** @param {string} message */
function fail(message) {
  console.error(`setup: ${message}`)
  process.exit(1)
}

/** @param {string} file */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

/**
 * npm writes down in node_modules what it installed, after everything else went well. A package that is
 * optional may be missing there: it is for another platform.
 */
function isInstalled() {
  if (!existsSync(installed) || !existsSync(pinnedNode)) return false
  const have = readPackages(installed)
  return Object.entries(readPackages(path.join(root, 'package-lock.json'))).every(([where, wanted]) => {
    if (!where.includes('node_modules/')) return true
    const found = have[where]
    if (!found) return Boolean(wanted.optional || wanted.devOptional || wanted.peer)
    return found.version === wanted.version && found.integrity === wanted.integrity
  })
}

/** npm must not run on the Node that it is about to replace. */
function pathWithoutPinnedNode() {
  const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') || 'PATH'
  const folders = (process.env[pathName] || '').split(path.delimiter)
  const inside = path.join(root, 'node_modules') + path.sep
  return { [pathName]: folders.filter((folder) => !folder.startsWith(inside)).join(path.delimiter) }
}

function install() {
  const env = {
    ...process.env,
    ...pathWithoutPinnedNode(),
    // The CPU library is inside the package; its install script would fetch the CUDA one from elsewhere.
    // npm that knows `allowScripts` (package.json) does not run it; older npm does, and then skips by this.
    ONNXRUNTIME_NODE_INSTALL: 'skip',
  }
  // `npm run -s` hands its silence down; a failing install must be heard.
  delete env.npm_config_loglevel
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const run = spawnSync('npm', args, {
    cwd: root,
    env,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (run.error) fail(`cannot start npm: ${run.error.message}. Install Node with npm and try again.`)
  if (run.status !== 0) fail('npm ci failed; its messages are above.')
}

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  fail(`this is Node ${process.versions.node}; install Node ${OLDEST_NODE} or newer and try again.`)
}
if (!isInstalled()) {
  console.error('setup: installing the packages of package-lock.json into node_modules (npm ci)')
  install()
  if (!existsSync(pinnedNode)) {
    fail(
      'the pinned Node is missing after npm ci. Its install script must be allowed to run: ' +
        'set ignore-scripts=false for npm and try again.',
    )
  }
}
