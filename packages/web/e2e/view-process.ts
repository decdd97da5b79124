import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..', '..')

export type ViewProcess = { readonly url: string; readonly process: ChildProcess; stop(): Promise<void> }

/** Starts `neckfrac view` as a user does; resolves with the address that it prints. */
export function startView(paths: readonly string[], out: string): Promise<ViewProcess> {
  const cli = join(root, 'packages', 'node', 'src', 'cli.ts')
  const child = spawn(process.execPath, [cli, 'view', ...paths, '--out', out, '--no-open'], { cwd: root })
  let said = ''
  return new Promise((done, failed) => {
    const ended = new Promise<void>((gone) => {
      child.once('exit', () => gone())
    })
    const stop = async () => {
      child.kill('SIGTERM')
      await ended
    }
    child.once('exit', (code) => failed(new Error(`neckfrac view ended with ${code}: ${said}`)))
    const listen = (part: Buffer) => {
      said += part
      const [url] = /http:\/\/127\.0\.0\.1:\d+\/\?key=\S+/.exec(said) ?? []
      if (url) done({ url, process: child, stop })
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
  })
}
