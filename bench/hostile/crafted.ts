import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { peakOf } from '../process.ts'
import { ATTACKS, type Attack } from './attacks.ts'
import { LIMITS } from './watch.ts'

export type CraftedResult = {
  readonly name: string
  readonly code: number | null
  readonly seconds: number
  readonly peakBytes: number | null
  /** The last line that was printed. */
  readonly said: string
  readonly fault: string | null
}

const CLI = fileURLToPath(new URL('../../packages/node/src/cli.ts', import.meta.url))
/** Codes of the command line that say what was found. 3 is an internal error. */
const EXPECTED_CODES: readonly (number | null)[] = [0, 1]

export async function runCrafted(
  log: (line: string) => void,
  attacks: readonly Attack[] = ATTACKS,
): Promise<readonly CraftedResult[]> {
  const results: CraftedResult[] = []
  for (const attack of attacks) {
    const result = await runAttack(attack)
    log(`${result.fault ?? 'ok'}: ${result.name} (${result.seconds.toFixed(1)} s)`)
    results.push(result)
  }
  return results
}

/** In a folder `work` with everything the attack may touch; whatever else appears beside `out` is a fault. */
async function runAttack(attack: Attack): Promise<CraftedResult> {
  const root = mkdtempSync(join(tmpdir(), 'neckfrac-hostile-'))
  try {
    const work = join(root, 'a', 'b', 'work')
    mkdirSync(work, { recursive: true })
    const input = attack.make(work)
    const before = listOutside(root)
    const out = attack.command === 'info' ? [] : ['--out', join(root, 'a', 'b', 'out')]
    const run = await runLimited([attack.command, input, ...out], attack.seconds ?? LIMITS.seconds)
    const written = listOutside(root).filter((name) => !before.includes(name))
    const lines = run.printed.trim().split('\n')
    // The machine's own folders are nobody's business.
    const said = lines
      .at(-1)!
      .replaceAll(root, '')
      .replace(/[|`\p{Cc}]/gu, ' ')
      .slice(0, 160)
    return { name: attack.name, ...run, said, fault: faultOf(run, written) }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Names above the attack's own folder, without those of the output. */
const listOutside = (root: string): readonly string[] =>
  ['.', 'a', 'a/b']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((name) => !/^a\/b\/out(\.key)?$/.test(name))

type Run = Omit<CraftedResult, 'name' | 'said' | 'fault'> & {
  readonly printed: string
  readonly limit: number
}

function faultOf(run: Run, written: readonly string[]): string | null {
  if (run.seconds > run.limit) return `longer than ${run.limit} s`
  if ((run.peakBytes ?? 0) > LIMITS.bytes) return 'more than 2 GB of memory'
  if (written.length > 0) return `wrote outside: ${written.join(', ')}`
  if (!EXPECTED_CODES.includes(run.code)) return `exit ${run.code}: ${run.printed.slice(-300)}`
  if (run.printed.includes('\x1b')) return 'printed control characters'
  return null
}

function runLimited(args: readonly string[], limit: number): Promise<Run> {
  const start = performance.now()
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  const keep = (text: Buffer) => {
    printed = (printed + text.toString()).slice(-100_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  let peakBytes: number | null = null
  const timer = setInterval(() => {
    const peak = child.pid === undefined ? null : peakOf(child.pid)
    if (peak !== null) peakBytes = Math.max(peakBytes ?? 0, peak)
    const seconds = (performance.now() - start) / 1000
    if (seconds > limit + 1 || (peakBytes ?? 0) > 2 * LIMITS.bytes) child.kill('SIGKILL')
  }, 20)
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearInterval(timer)
      resolve({ code, seconds: (performance.now() - start) / 1000, peakBytes, printed, limit })
    })
  })
}
