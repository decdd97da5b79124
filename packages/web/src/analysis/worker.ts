import {
  analyzeForViewing,
  identityOf,
  type LabelVolume,
  listCandidates,
  type PresetName,
  readStudy,
  type StudyStatus,
  toHtml,
  toJson,
  type Volume,
} from '@neckfrac/core'
import type { ModelIdentity, StudyReport } from '../studies/studies.ts'
import { CODECS } from './codecs.ts'
import { type Drop, openDrop } from './dropped-source.ts'
import { type Networks, openNetworks, readManifest } from './networks.ts'
import type { Engine } from './onnx-session.ts'
import { makePhantom } from './phantom-files.ts'

/** A drop with a number, by which a worker knows what it has scanned already. */
export type NumberedDrop = Drop & { readonly id: number }

export type Analysis = {
  readonly report: StudyReport
  readonly html: string
  readonly labels: LabelVolume | null
  readonly volume: Volume
}

type Tell = (status: StudyStatus) => void

/**
 * Share of an analysis that lies behind at the beginning of each stage, once the images are read. bench/results/browser.json:
 * of 300 slices on WASM with two threads, labelling took 1.4 s, judging 2.7, the pictures 0.2.
 */
const FRACTION = { segment: 0, classify: 0.33, report: 0.95 } as const

const scans = new Map<number, ReturnType<typeof listCandidates>>()
let networks: Promise<Networks> | undefined
/** What the networks wait for, in words, and the study that waits for them. */
let preparation = ''
let tellWaiting: Tell | undefined

const onStep = (words: string) => {
  preparation = words
  tellWaiting?.({ kind: 'preparing', note: words })
}

function scanOnce(drop: NumberedDrop, tell?: Tell) {
  const known = scans.get(drop.id) ?? scan(drop, tell)
  scans.set(drop.id, known)
  return known
}

const scan = async (drop: NumberedDrop, tell?: Tell) =>
  listCandidates(await openDrop(drop), {
    codecs: CODECS,
    onProgress: ({ done, total }) => tell?.({ kind: 'reading', done, total }),
  })

/** What the page can ask for. */
const TASKS = {
  identify: async (): Promise<ModelIdentity> => {
    const { name, version, trainedOn, decision } = await readManifest()
    return { name, version, trainedOn, operatingPoint: decision.operatingPoint }
  },

  phantom: async ({ seed, preset }: { seed: number; preset: PresetName }) => makePhantom(seed, preset),

  scan: async ({ drop }: { drop: NumberedDrop }, tell: Tell) => {
    const { candidates, skipped } = await scanOnce(drop, tell)
    return { studies: candidates.map(identityOf), skipped }
  },

  read: async ({ drop, index }: { drop: NumberedDrop; index: number }, tell: Tell): Promise<Volume> => {
    const { candidates } = await scanOnce(drop)
    const { volume } = await readStudy(candidates[index], {
      codecs: CODECS,
      onProgress: ({ done, total }) => tell({ kind: 'reading', done, total }),
    })
    return volume
  },

  analyse: async (
    { drop, index, engine }: { drop: NumberedDrop; index: number; engine: Engine | null },
    tell: Tell,
  ): Promise<Analysis> => {
    networks ??= openNetworks({
      wanted: engine,
      onCardLoss: () => page.postMessage({ kind: 'card-lost' }),
      onStep,
    })
    networks.catch(() => {
      networks = undefined // the next study tries again
    })
    const { candidates } = await scanOnce(drop)
    const ready = networks
    let note = ''
    const at = (stage: keyof typeof FRACTION, fraction: number) =>
      tell({ kind: 'analysing', stage, fraction, note })
    const run = analyzeForViewing(
      drop.name,
      candidates[index],
      ready.then((n) => n.detector),
      {
        clock: Date.now,
        codecs: CODECS,
        onProgress: ({ done, total }) => tell({ kind: 'reading', done, total }),
        onStep: ({ stage, done, total }) => {
          const end = stage === 'segment' ? FRACTION.classify : FRACTION.report
          at(stage, FRACTION[stage] + ((end - FRACTION[stage]) * done) / total)
        },
      },
    )
    for (;;) {
      const next = await run.next()
      if (next.done) {
        const { report, labels, volume } = next.value
        return { report: JSON.parse(toJson(report)), html: toHtml(report), labels, volume }
      }
      const { stage } = next.value
      tellWaiting = stage === 'prepare' ? tell : undefined
      if (stage === 'prepare') tell({ kind: 'preparing', note: preparation })
      else if (stage !== 'read') {
        note = (await ready).engine
        at(stage, FRACTION[stage])
      }
    }
  },
}

export type Tasks = typeof TASKS
export type Request = { readonly id: number; readonly task: keyof Tasks; readonly input: unknown }
export type Reply =
  | { readonly id: number; readonly kind: 'progress'; readonly status: StudyStatus }
  | { readonly id: number; readonly kind: 'done'; readonly value: unknown }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string }
  /** The last word of this worker. */
  | { readonly kind: 'card-lost' }

/** The page, as a worker sees it; the DOM's types know only windows. */
const page = self as never as {
  postMessage(reply: Reply, transfer?: readonly Transferable[]): void
  onmessage: (event: { data: Request }) => void
}

page.onmessage = async ({ data: { id, task, input } }) => {
  try {
    const tell: Tell = (status) => page.postMessage({ id, kind: 'progress', status })
    const run = TASKS[task] as (input: unknown, tell: Tell) => Promise<unknown>
    const value = await run(input, tell)
    page.postMessage({ id, kind: 'done', value }, voxelsOf(value))
  } catch (error) {
    page.postMessage({ id, kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
}

/** Volumes are handed over, not copied. */
function voxelsOf(value: unknown): Transferable[] {
  const { volume = value } = (value ?? {}) as { volume?: unknown }
  const { data } = (volume ?? {}) as { data?: unknown }
  return data instanceof Int16Array ? [data.buffer as ArrayBuffer] : []
}
