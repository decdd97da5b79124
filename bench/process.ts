import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'

/** One finished process. */
export type ProcessRun = {
  readonly stdout: string
  /** From before the start to the end of the process. */
  readonly seconds: number
  /** Largest resident memory of the process and its descendants together; null where there is no /proc. */
  readonly peakBytes: number | null
}

const SAMPLE_MS = 20

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

  const peaks = new Map<number, number>()
  const sample = async () => {
    if (child.pid !== undefined) await samplePeaks(child.pid, peaks)
  }
  const timer = setInterval(sample, SAMPLE_MS)
  try {
    const code = await ended
    const seconds = (performance.now() - start) / 1000
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`)
    const total = [...peaks.values()].reduce((sum, bytes) => sum + bytes, 0)
    return { stdout, seconds, peakBytes: peaks.size > 0 ? total : null }
  } finally {
    clearInterval(timer)
  }
}

/** The kernel keeps each process's own peak; their sum is never below the peak of the whole tree. */
async function samplePeaks(pid: number, peaks: Map<number, number>): Promise<void> {
  try {
    const bytes = parsePeak(await readFile(`/proc/${pid}/status`, 'utf8'))
    if (bytes !== null) peaks.set(pid, bytes)
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
    await Promise.all(
      children
        .split(' ')
        .filter(Boolean)
        .map((child) => samplePeaks(Number(child), peaks)),
    )
  } catch {
    // The process has ended since, or this is no Linux.
  }
}

/** VmHWM of a /proc status file, in bytes; null for a process that is ending. */
export function parsePeak(status: string): number | null {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}
