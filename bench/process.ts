import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** One finished process. */
export type ProcessRun = {
  readonly stdout: string
  /** From before the start to the end of the process. */
  readonly seconds: number
  /** Largest resident memory of the process and its descendants together; null where there is no /proc. */
  readonly peakBytes: number | null
  /** Processor time of all of them, on all cores: what a busy machine disturbs least; null likewise. */
  readonly cpuSeconds: number | null
}

const SAMPLE_MS = 20
/** Unit of /proc's processor times: USER_HZ is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Runs a program to its end. @throws Error with what it wrote to stderr when it fails */
export async function runProcess(command: string, args: readonly string[]): Promise<ProcessRun> {
  const start = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })

  const costs = new Map<number, Cost>()
  const sample = async () => {
    if (child.pid !== undefined) await sampleCosts(child.pid, costs)
  }
  const timer = setInterval(sample, SAMPLE_MS)
  try {
    const code = await ended
    const seconds = (performance.now() - start) / 1000
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`)
    const total = (key: keyof Cost) =>
      costs.size > 0 ? [...costs.values()].reduce((sum, cost) => sum + cost[key], 0) : null
    return { stdout, seconds, peakBytes: total('peakBytes'), cpuSeconds: total('cpuSeconds') }
  } finally {
    clearInterval(timer)
  }
}

type Cost = { readonly peakBytes: number; readonly cpuSeconds: number }

/** The kernel keeps each process's own peak; their sum is never below the peak of the whole tree. */
async function sampleCosts(pid: number, costs: Map<number, Cost>): Promise<void> {
  try {
    const [status, stat, children] = await Promise.all(
      ['status', 'stat', `task/${pid}/children`].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
    )
    const peakBytes = parsePeak(status)
    if (peakBytes !== null) costs.set(pid, { peakBytes, cpuSeconds: parseCpu(stat) })
    await Promise.all(
      children
        .split(' ')
        .filter(Boolean)
        .map((child) => sampleCosts(Number(child), costs)),
    )
  } catch {
    // The process has ended since, or this is no Linux.
  }
}

/** User and system time of a /proc stat file; the name, in brackets, may hold anything. */
export function parseCpu(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** VmHWM of a /proc status file, in bytes; null for a process that is ending. */
export function parsePeak(status: string): number | null {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}

/** Largest resident memory of a running process so far, bytes; null when it has ended, or without /proc. */
export function peakOf(pid: number): number | null {
  try {
    return parsePeak(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return null
  }
}
