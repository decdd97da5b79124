import { SingleBar as Bar, Presets } from 'cli-progress'

export type Progress = {
  step(text?: string): void
  update(value: number, text?: string): void
  done(): void
}

/** A progress bar on stderr; silent when stderr is no terminal. */
export function createProgress(title: string, total: number): Progress {
  const bar = new Bar(
    {
      format: `${title} {bar} {percentage}% | {eta_formatted} left {text}`,
      stream: process.stderr,
      hideCursor: true,
    },
    Presets.shades_classic,
  )
  bar.start(total, 0, { text: '' })
  return {
    step: (text = '') => bar.increment(1, { text }),
    update: (value, text = '') => bar.update(value, { text }),
    done: () => bar.stop(),
  }
}
