import { SingleBar as Bar, Presets, type SingleBar } from 'cli-progress'

export type Progress = { step(text?: string): void; done(): void }

/** A progress bar on stderr; silent when stderr is no terminal. */
export function createProgress(title: string, total: number): Progress {
  const bar: SingleBar = new Bar(
    {
      format: `${title} {bar} {value}/{total} | {eta_formatted} left {text}`,
      stream: process.stderr,
      hideCursor: true,
      noTTYOutput: false,
    },
    Presets.shades_classic,
  )
  bar.start(total, 0, { text: '' })
  return { step: (text = '') => bar.increment(1, { text }), done: () => bar.stop() }
}
