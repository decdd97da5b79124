import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { peakOf } from '../process.ts'
import type { Case } from './cases.ts'
import type { Answer } from './trial-process.ts'

export const LIMITS = { seconds: 10, bytes: 2 * 2 ** 30 }

export type Trial = { readonly path: string; readonly one: Case }
export type Result = Trial & Omit<Answer, 'id'>
/**
 * What a cut file gives must be what the whole one gave, or nothing: pixels that are not there are not made up.
 * Whole files come first.
 */
export function createCutJudge(): (result: Result) => Result {
  const wholes = new Map<string, string>()
  return (result) => {
    const { path, one, kind, what } = result
    if (one.kind === 'whole') wholes.set(path, what)
    if (one.kind !== 'cut' || kind !== 'read' || what === wholes.get(path)) return result
    return { ...result, kind: 'fault', what: `silently wrong: ${what}, whole: ${wholes.get(path)}` }
  }
}

export type Watched = { readonly peakBytes: number; readonly results: number }

/**
 * Runs trials one after another in a process of their own. One that ends the process, hangs or takes too much memory is a
 * fault, and a new process goes on with the next.
 */
export async function runTrials(
  trials: Iterable<Trial>,
  onResult: (result: Result) => void,
): Promise<Watched> {
  let peakBytes = 0
  let results = 0
  let child: ChildProcess | null = null
  for (const trial of trials) {
    child ??= await startProcess()
    const answer = await ask(child, trial, results)
    // The peak is the process's own and never falls: one that is over the limit is ended.
    const peak = child.pid === undefined ? null : peakOf(child.pid)
    peakBytes = Math.max(peakBytes, peak ?? 0)
    const tooMuch = (peak ?? 0) > LIMITS.bytes
    onResult({
      ...trial,
      ...(tooMuch ? { ...answer, kind: 'fault', what: `memory: ${peak} bytes` } : answer),
    })
    results++
    if (child.exitCode !== null || child.signalCode !== null || answer.what === HANG || tooMuch) {
      child.kill('SIGKILL')
      child = null
    }
  }
  child?.kill()
  return { peakBytes, results }
}

async function startProcess(): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('trial-process.ts', import.meta.url)), [], {
    execArgv: ['--max-old-space-size=1024'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  // Loading the modules is no part of a trial.
  await once(child, 'message')
  return child
}

const HANG = `no answer in ${LIMITS.seconds} s`

function ask(child: ChildProcess, { path, one }: Trial, id: number): Promise<Omit<Answer, 'id'>> {
  const start = performance.now()
  return new Promise((resolve) => {
    let stderr = ''
    const finish = (answer: Omit<Answer, 'id'>) => {
      clearTimeout(timer)
      child.removeAllListeners('message').removeAllListeners('exit')
      child.stderr?.removeAllListeners('data')
      resolve(answer)
    }
    const fault = (what: string) => finish({ kind: 'fault', what, ms: performance.now() - start })
    const timer = setTimeout(() => fault(HANG), LIMITS.seconds * 1000)
    child.stderr?.on('data', (text: Buffer) => {
      stderr = (stderr + text.toString()).slice(-2000)
    })
    child.on('message', (answer: Answer) => {
      if (answer.id === id) finish(answer)
    })
    child.on('exit', (code, signal) => fault(`the process ended (${code ?? signal}): ${stderr}`))
    child.send({ id, path, one })
  })
}
