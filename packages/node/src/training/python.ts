import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { NeckFracError } from '@neckfrac/core'

/** Makes the trainer's environment on first use, as every command that needs Python does. */
const MAKE_ENVIRONMENT = fileURLToPath(new URL('../../../../scripts/python.ts', import.meta.url))

export type Python = {
  /** Runs a module of the trainer; what it prints goes to the terminal. @throws NeckFracError as its exit code says. */
  run(args: readonly string[], what: string): Promise<void>
  /** What it prints, as text. */
  read(args: readonly string[], what: string): Promise<string>
}

/** The trainer's Python. @throws NeckFracError `usage` when there is none on this machine. */
export async function openPython(signal?: AbortSignal): Promise<Python> {
  const asked = [MAKE_ENVIRONMENT, '-c', 'import sys; print(sys.executable)']
  const { code, output } = await start(process.execPath, asked, { read: true, signal })
  if (code !== 0)
    throw new NeckFracError('usage', 'Training needs Python and PyTorch; what is missing stands above.')
  const executable = output.trim().split('\n').at(-1) ?? ''
  const call = async (args: readonly string[], what: string, read: boolean) => {
    const { code, output } = await start(executable, args, { read, signal })
    signal?.throwIfAborted()
    if (code !== 0) throw failure(code, what)
    return output
  }
  return {
    run: async (args, what) => {
      await call(args, what, false)
    },
    read: (args, what) => call(args, what, true),
  }
}

/** The trainer ends with 2 for a recipe that cannot be used, 1 for data, 3 for what it did not foresee. */
function failure(code: number, what: string): Error {
  const said = `${what} failed; its message stands above.`
  if (code === 2) return new NeckFracError('usage', said)
  const message = `${said} The same command continues where it stopped.`
  if (code === 1) return new NeckFracError('data', message)
  return new Error(`${message} (Python ended with ${code})`)
}

type StartOptions = { readonly read: boolean; readonly signal?: AbortSignal | undefined }

/** Runs a program to its end. An abort asks it to stop and waits until it has. */
function start(program: string, args: readonly string[], { read, signal }: StartOptions) {
  return new Promise<{ code: number; output: string }>((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', read ? 'pipe' : 'inherit', 'inherit'],
      // The trainer ends by itself when this process is killed.
      env: { ...process.env, NECKFRAC_PARENT_PID: String(process.pid) },
    })
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    const stop = () => child.kill('SIGTERM')
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop, { once: true })
    child.on('error', reject)
    child.on('close', (code) => {
      signal?.removeEventListener('abort', stop)
      resolve({ code: code ?? 3, output })
    })
  })
}
