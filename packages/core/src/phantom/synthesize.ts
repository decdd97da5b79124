import { LEVELS, type Level } from '../levels.ts'
import { invert, multiply, spacingMm, transform, type Vec3 } from '../volume/geometry.ts'
import { boundsIn, buildParts, landmarksOf } from './anatomy/parts.ts'
import { planHead } from './anatomy/skull.ts'
import { poseSpine, VERTEBRAE } from './anatomy/spine.ts'
import { drawAnatomy, type FamilyName, type Template } from './families.ts'
import { buildLesions, buildMimics, changesAt, gatherInjuries, remodel } from './fractures/wound.ts'
import { type PlannedFracture, type PlannedLookAlike, sampleLookAlikes, samplePlan } from './plan.ts'
import { PRESETS, type PresetName } from './presets.ts'
import { createRandom } from './random.ts'
import { anyBones, anyContrast, anyLayers, anyScanner, anyView, RANDOMISED } from './randomised.ts'
import { buildMetal } from './scanner/metal.ts'
import { planScan, type ScanPlan } from './scanner/plan.ts'
import { scan } from './scanner/scan.ts'
import { narrow, placeView } from './scanner/view.ts'
import type { PhantomStudy } from './study.ts'
import { buildTubes, fitCollar } from './tissue/devices.ts'
import { buildAirways, buildLayers } from './tissue/layers.ts'
import { buildSkin } from './tissue/skin.ts'
import { buildSoft } from './tissue/soft.ts'
import { locateLookAlikes, measureTruth } from './truth.ts'

export type PhantomOptions = {
  readonly seed: number
  readonly preset: PresetName
  /** parametric when absent. */
  readonly family?: FamilyName | undefined
  /** Label maps for the families that deform them. */
  readonly templates?: readonly Template[] | undefined
}

/** A synthetic patient, scanned. The same options give the same bytes. */
export function synthesize(options: PhantomOptions): PhantomStudy {
  const plan = samplePlan(options)
  return synthesizePlan({ ...options, plan, lookAlikes: sampleLookAlikes({ ...options, plan }) })
}

/** The same with findings of one's own choice, for tests and for series that vary one thing. */
export function synthesizePlan(
  options: PhantomOptions & {
    readonly plan: readonly PlannedFracture[]
    /** None when absent. */
    readonly lookAlikes?: readonly PlannedLookAlike[]
    /** What of the scan is not left to the draw. */
    readonly scan?: Partial<ScanPlan>
    /** Only the slices around a level, mm. */
    readonly around?: { readonly level: Level; readonly lengthMm: number }
  },
): PhantomStudy {
  const { seed, plan, lookAlikes = [], family = 'parametric', templates = [] } = options
  const any = family === 'randomised'
  const preset = any ? anyView(PRESETS[options.preset]) : PRESETS[options.preset]
  const random = createRandom(family === 'parametric' ? seed : `${family}/${seed}`)
  const look = random.fork('randomised')

  const drawn = drawAnatomy(family, templates, random.fork('vertebrae'))
  const { rest, template } = drawn
  const marks = landmarksOf(drawn.vertebrae)
  const mimics = buildMimics(lookAlikes, marks, rest.stepMm, random.fork('look-alikes'))
  const changes = VERTEBRAE.map((_, i) => changesAt(lookAlikes, mimics, i))
  const vertebrae = drawn.vertebrae.map((v, i) =>
    remodel(
      v,
      changes[i].flatMap((c) => c.strokes),
    ),
  )
  const lesions = buildLesions(plan, marks, random.fork('fractures'))
  const byLevel = VERTEBRAE.map((name) => lesions.filter((_, n) => plan[n].level === name))
  const injury = {
    wedgeDeg: byLevel.map((all) => all.reduce((s, l) => s + l.wedgeDeg, 0)),
    lossMm: byLevel.map((all, i) =>
      mimics.reduce(
        (s, m, n) => s + (LEVELS.indexOf(lookAlikes[n].level) + 1 === i ? m.lossMm : 0),
        all.reduce((s, l) => s + l.lossMm, 0),
      ),
    ),
    slipMm: byLevel[1].reduce<Vec3>(
      (s, l) => [s[0] + l.slipMm[0], s[1] + l.slipMm[1], s[2] + l.slipMm[2]],
      [0, 0, 0],
    ),
  }
  const spine = poseSpine(random.fork('spine'), injury, rest)
  const head = planHead(random.fork('head'))

  const usual = planScan(preset, random.fork('scanner'))
  const scanPlan = { ...(any ? anyScanner(usual, look) : usual), ...options.scan }
  const placed = placeView(spine, preset, scanPlan, random.fork('view'))
  const { around } = options
  const view = around ? narrow(placed, spine, LEVELS.indexOf(around.level) + 1, around.lengthMm) : placed
  const ijkToPatient = multiply(invert(view.patientToLps), view.grid.ijkToLps)
  const [slices, rows, columns] = view.grid.shape
  const seen = boundsIn(ijkToPatient, { min: [-1, -1, -1], max: [columns, rows, slices] })
  const bones = buildParts({
    spine,
    vertebrae,
    head,
    armsUp: scanPlan.armsUp,
    view: seen,
    stepMm: preset.boneStepMm,
    random: random.fork('parts'),
  })

  const parts = any ? anyBones(bones, look) : bones
  const metal = buildMetal(
    head.teeth,
    scanPlan.restorations,
    spine.skull,
    preset.boneStepMm,
    random.fork('metal'),
  )
  const tubes = buildTubes({
    spine,
    head,
    endotracheal: scanPlan.endotrachealTube,
    nasogastric: scanPlan.nasogastricTube,
    view: seen,
    stepMm: preset.boneStepMm,
  })

  const scene = random.fork('scene')
  const skin = buildSkin(spine, head, scanPlan.armsUp, random.fork('skin'))
  const swelling = random.fork('swelling')
  const swollen = plan
    .filter(
      (f) =>
        f.type === 'burst' ||
        f.type.endsWith('teardrop') ||
        f.type.startsWith('dens') ||
        f.type === 'compression',
    )
    .map((f) => ({
      level: LEVELS.indexOf(f.level) + 1,
      mm: swelling.chance(0.6) ? f.severity * swelling.range(2, 9) : 0,
    }))
  const bloodHu = scene.chance(0.2) ? scene.range(150, 380) : scene.range(38, 55)
  const layers = buildLayers({
    spine,
    head,
    marks,
    random: random.fork('layers'),
    bloodHu: any ? look.range(...RANDOMISED.bloodHu) : bloodHu,
  })
  const soft = buildSoft({
    layers: any ? anyLayers(layers, look) : layers,
    airways: buildAirways({
      spine,
      head,
      random: random.fork('airways'),
      swellingMm: (level) =>
        swollen.reduce((s, w) => s + w.mm * Math.exp(-(((level - w.level) / 1.2) ** 2)), 0),
    }),
    skin,
    table: scene.chance(0.9)
      ? { y: scene.range(92, 112), radius: scene.range(180, 420), hu: scene.range(-250, 150) }
      : undefined,
    collar: scanPlan.collar ? fitCollar(spine, random.fork('collar')) : undefined,
    bands: [
      // Between the petrous bones.
      {
        centre: transform(spine.skull, [0, -14, head.basionZ + 18]),
        sizes: [16, 5, 8],
        hu: scanPlan.hardeningHu,
      },
    ],
    view: seen,
    stepMm: scanPlan.coarse ? preset.tissueStepMm * 1.5 : preset.tissueStepMm,
    random: random.fork('soft'),
  })
  if (any) anyContrast(soft, look)
  const injuries = gatherInjuries({ plan, lesions, names: VERTEBRAE, changes })
  const { hu, labels, fractureMask, artefacts } = scan({
    plan: scanPlan,
    view,
    ijkToPatient,
    parts: [...parts, ...tubes, ...(metal ? [metal.part] : [])],
    metal: metal ? metal.centres.map((p) => transform(spine.skull, p)) : [],
    spine,
    injuries,
    soft,
    skin,
    random: random.fork('scan'),
  })

  const truth = measureTruth({
    seed,
    preset: options.preset,
    plan,
    centresLps: lesions.map((l, n) =>
      transform(view.patientToLps, transform(spine.poses[LEVELS.indexOf(plan[n].level)], l.centre)),
    ),
    mask: fractureMask,
    shape: view.grid.shape,
    voxelMm: spacingMm(view.grid.ijkToLps),
  })
  const imaged = locateLookAlikes({
    plan: lookAlikes,
    regions: mimics.map(({ centre, radii }, n) => ({
      centre,
      radii,
      toLps: multiply(view.patientToLps, spine.poses[LEVELS.indexOf(lookAlikes[n].level)]),
    })),
    artefacts,
    grid: view.grid,
  })
  return {
    volume: { data: hu, ...view.grid },
    labels: { data: labels, ...view.grid },
    fractureMask,
    truth: { ...truth, lookAlikes: imaged, family, template, scan: scanPlan },
  }
}
