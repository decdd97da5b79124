import {
  auc,
  type Decision,
  LEVELS,
  type Level,
  type Manifest,
  type PreparedEntry,
  patientProbability,
  probabilitiesOf,
  type Scores,
  vertebraProbability,
} from '@neckfrac/core'
import { z } from 'zod'
import type { OutOfFold } from './out-of-fold.ts'
import type { Training } from './train.ts'

/** What export wrote beside each network about its training. */
const trained = z.looseObject({
  bytes: z.number(),
  recipe: z.looseObject({}),
  training: z.looseObject({
    minutes: z.number(),
    epochs: z.number(),
    steps: z.number(),
    processes: z.number(),
    device: z.string(),
    /** In the data set, the held-out ones included. */
    studies: z.number(),
    fold: z.number(),
    validation: z.looseObject({}),
  }),
})

type CardInput = {
  readonly manifest: Manifest
  readonly training: Pick<Training, 'options' | 'plan' | 'index'>
  readonly studies: readonly OutOfFold[]
  /** Facts of the step that made the crops; empty when every crop follows an expert's mask. */
  readonly crops: Readonly<Record<string, unknown>>
}

/** VerSe's licence asks for attribution and for the same licence of what is derived from it. */
const VERSE =
  'Phantoms were made from deformed copies of the vertebra masks of VerSe gl003 (VerSe 2020, osf.io/t98fz), licensed CC BY-SA 4.0.'

/** The licence of the weights, which follows the label maps that phantoms were made from. */
function licenceOf(phantoms: readonly PreparedEntry[]): string[] {
  const templates = new Set(phantoms.flatMap((e) => e.truth?.template ?? []))
  const fromFiles = phantoms.filter((e) => !e.truth).length
  const unknown =
    fromFiles === 0
      ? []
      : [
          `${fromFiles} phantoms were read from files. Where \`truth.json\` beside them names a template, that label map's licence holds for the weights as well.`,
        ]
  if (templates.size === 0) return ['Weights: Apache-2.0.', ...unknown]
  const others = [...templates].filter((name) => !name.includes('gl003'))
  return [
    ...(others.length < templates.size ? [`Weights: CC BY-SA 4.0, because of the templates. ${VERSE}`] : []),
    ...(others.length > 0
      ? [
          `Phantoms were made from the label maps ${others.join(', ')}: their licence holds for the weights as well.`,
        ]
      : []),
    ...unknown,
  ]
}

/** MODEL_CARD.md, from facts alone. */
export function toCard({ manifest, training, studies, crops }: CardInput): string {
  const { index, plan, options } = training
  const phantoms = index.studies.filter((e) => e.origin === 'phantom')
  const synthetic = phantoms.length > 0
  const only = phantoms.length === index.studies.length
  const label = only ? 'synthetic' : synthetic ? 'partly synthetic' : 'real'
  const families = countBy(
    phantoms.filter((e) => e.truth),
    familyOf,
  )
  const lines = [
    `# ${manifest.name} ${manifest.version}: trained on ${manifest.trainedOn}, not a medical device`,
    '',
    'Three networks that read a cervical-spine CT: a segmenter that names C1-C7 and T1, and two models that estimate for each of C1-C7 how probable a fracture is. Research software; do not use it for diagnosis.',
    ...(synthetic
      ? [
          `Every number on this page that comes from phantoms is **synthetic**: it was measured on necks that a program drew and says nothing about patients.`,
        ]
      : []),
    '',
    '## Networks',
    `| network | MB | recipe | studies | trained for | steps | samples a step | where | last validation (${label}) |`,
    '|---|---|---|---|---|---|---|---|---|',
    ...Object.entries(manifest.networks).map(([name, entry]) => networkRow(name, trained.parse(entry))),
    '',
    '## Trained on',
    `${index.studies.length} studies: ${sourcesOf(index.studies)}. Recipe \`${plan.recipe.name}\`, seed ${plan.recipe.seed}${options.minutesScale === 1 ? '' : `, its times multiplied by ${options.minutesScale}`}; held out in turn: fold${plan.recipe.folds.length > 1 ? 's' : ''} ${plan.recipe.folds.join(', ')} of ${index.folds}; the bundle holds ${plan.recipe.ship === 'all' ? 'networks trained once more on all studies' : `the networks of the training that held fold ${plan.recipe.folds[0]} out`}.`,
    cropsLine(crops),
    ...(Object.keys(families).length > 0 ? [`Phantom families: ${list(families)}.`] : []),
    '',
    `## Decision, learned out of fold (${label})`,
    `${studies.length} studies, each predicted by networks that did not see it, with the exported files. Share of Model I in the mean of the logits ${manifest.decision.sliceModelWeight.toFixed(2)}, Platt slope ${manifest.decision.calibration.slope.toFixed(2)}, intercept ${manifest.decision.calibration.intercept.toFixed(2)}. Weight, calibration and thresholds were chosen on these same predictions, so what follows is optimistic; the evaluation on studies set apart is what counts.`,
    '',
    ...aucTable(studies, manifest.decision, label),
    '',
    ...pointTable(manifest.decision, label),
    '',
    '## Licence',
    ...licenceOf(phantoms),
  ]
  return `${lines.join('\n')}\n`
}

function networkRow(name: string, { bytes, recipe, training }: z.infer<typeof trained>): string {
  const { minutes, steps, processes, device, studies, validation } = training
  const cells = [
    name,
    (bytes / 1e6).toFixed(1),
    String(recipe.name),
    studies,
    duration(minutes),
    steps,
    Number(recipe.batch) * processes,
    `${processes} x ${device}`,
    validationOf(validation),
  ]
  return `| ${cells.join(' | ')} |`
}

/** Scores of the held-out fold as the trainer logs them, in their order. */
const VALIDATED = { dice: 'Dice', level_accuracy: 'levels right', auc: 'AUC on balanced crops' }

const validationOf = (validation: Readonly<Record<string, unknown>>): string =>
  Object.entries(VALIDATED)
    .flatMap(([key, name]) => {
      const score = validation[key]
      return typeof score === 'number' ? [`${name} ${score.toFixed(3)}`] : []
    })
    .join(', ') || '-'

const duration = (minutes: number): string =>
  minutes < 90 ? `${minutes.toFixed(1)} minutes` : `${(minutes / 60).toFixed(1)} hours`

const familyOf = ({ truth }: PreparedEntry): string => truth?.family ?? 'unknown'

const sourcesOf = (entries: readonly PreparedEntry[]): string =>
  list(
    countBy(entries, (e) => {
      if (e.truth) return `phantoms of preset ${e.truth.preset}`
      return e.origin === 'phantom' ? 'phantoms read from DICOM' : 'studies read from DICOM'
    }),
  )

function countBy(
  entries: readonly PreparedEntry[],
  name: (entry: PreparedEntry) => string,
): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(entries, name)].map(([key, own]) => [key, own.length]))
}
const list = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')

function cropsLine(crops: CardInput['crops']): string {
  if (crops.labelled === undefined) return "Models I and II saw crops of the experts' masks."
  return `Models I and II saw the vertebrae of ${crops.labelled} studies as a segmenter labelled them${crops.seenByTheirSegmenter ? `, which had trained on ${crops.seenByTheirSegmenter} of them` : ' that had not seen them'}${crops.expert ? `, and those of ${crops.expert} by expert masks` : ''}.${crops.withoutCrops ? ` ${crops.withoutCrops} studies gave no vertebra that could be judged.` : ''}`
}

/** AUC of each model and of their ensemble, by level, pooled and by patient. */
function aucTable(studies: readonly OutOfFold[], decision: Decision, label: string): string[] {
  const rows = studies.flatMap(({ scores, fractured }) =>
    LEVELS.flatMap((level) =>
      scores[level] ? [{ level, scores: scores[level], fractured: fractured[level] }] : [],
    ),
  )
  const row = (name: string, own: typeof rows) => {
    const by = (score: (s: Scores, level: Level) => number) =>
      number(
        auc(
          own.map((r) => score(r.scores, r.level)),
          own.map((r) => r.fractured),
        ),
      )
    const fractures = own.filter((r) => r.fractured).length
    return `| ${name} | ${own.length} | ${fractures} | ${by((s) => s.slices)} | ${by((s) => s.sequence)} | ${by((s, level) => vertebraProbability(level, s, decision))} |`
  }
  const patients = studies.flatMap(({ scores, fractured }) => {
    const seen = probabilitiesOf(scores, decision).map((v) => v.probability)
    if (seen.length === 0) return []
    const probability = patientProbability(seen)
    return { probability, fractured: LEVELS.some((level) => fractured[level]) }
  })
  const patientAuc = number(
    auc(
      patients.map((p) => p.probability),
      patients.map((p) => p.fractured),
    ),
  )
  return [
    `| ${label}, out of fold | judged | fractured | AUC Model I | AUC Model II | AUC ensemble |`,
    '|---|---|---|---|---|---|',
    ...LEVELS.map((level) =>
      row(
        level,
        rows.filter((r) => r.level === level),
      ),
    ),
    row('vertebrae, pooled', rows),
    `| patient | ${patients.length} | ${patients.filter((p) => p.fractured).length} | | | ${patientAuc} |`,
  ]
}

const number = (value: number | null): string => (value === null ? '-' : value.toFixed(3))

/** What each operating point reached, with Wilson's 95 % interval, for the patient and for the levels with few cases. */
function pointTable(decision: Decision, label: string): string[] {
  const points = Object.entries(decision.operatingPoints ?? {})
  const share = (s: { value: number; low: number; high: number } | null) =>
    s ? `${s.value.toFixed(3)} [${s.low.toFixed(2)} ${s.high.toFixed(2)}]` : '-'
  const few = points.flatMap(([name, { reached }]) => {
    const levels = LEVELS.filter((level) => reached[level].few)
    return levels.length > 0
      ? [`${name}: ${levels.map((l) => `${l} (${reached[l].positives} fractured)`).join(', ')}`]
      : []
  })
  return [
    `| operating point (${label}) | aim | patient: sensitivity [95 %] | patient: specificity [95 %] |`,
    '|---|---|---|---|',
    ...points.map(([name, { aim, reached }]) => {
      const { sensitivity, specificity } = reached.patient
      const isDefault = name === decision.operatingPoint ? ' (default)' : ''
      return `| ${name}${isDefault} | ${aim} | ${share(sensitivity)} | ${share(specificity)} |`
    }),
    ...(few.length > 0
      ? [
          '',
          `Thresholds that rest on few cases of their own level and therefore borrow from the others: ${few.join('; ')}. \`manifest.json\` has every threshold with its interval.`,
        ]
      : []),
  ]
}
