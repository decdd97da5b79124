import { Center, Loader, Stack, Text } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { boundsLps, invert, type Level, spacingMm, transform, type Vec3, type Volume } from '@neckfrac/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import type { OpenStudy, StudyReport } from '../studies/studies.ts'
import { FirstSlice } from './first-slice.tsx'
import { createOutliner } from './outlines.ts'
import { Overlay, type ShownPlace } from './overlay.tsx'
import type { Place } from './places.ts'
import { PLANE, PLANES, type Plane, type PlaneName, pointOnPlane } from './planes.ts'
import { createScene, type PlaneView, type Scene, type ToolName } from './scene.ts'
import { SuspicionStrip } from './strip.tsx'
import { rangeOf, type VoiRange, windowWords } from './windows.ts'

type ImagesProps = {
  study: OpenStudy
  /** Shown until the planes are drawn. */
  firstSlice: Volume | null
  /** As the chosen operating point calls it. */
  report: StudyReport
  places: ReadonlyMap<Level, Place>
  selected: Level | null
  /** Outlines, names and boxes. */
  overlays: boolean
  tool: ToolName
  /** Where the planes cross at first. */
  start: Vec3
  /** The plane that keys move. */
  active: PlaneName
  large: PlaneName | null
  onLarge: (plane: PlaneName) => void
  onActive: (plane: PlaneName) => void
  onScene: (scene: Scene | null) => void
  onWindow: (range: VoiRange) => void
}

/** Three linked planes with what is drawn over them, and the strip beside the axial one. */
export function Images(props: ImagesProps) {
  const {
    study,
    firstSlice,
    report,
    places,
    selected,
    overlays,
    tool,
    start,
    active,
    large,
    onLarge,
    onActive,
    onScene,
    onWindow,
  } = props
  const elements = useRef<Partial<Record<PlaneName, HTMLDivElement>>>({})
  const [scene, setScene] = useState<Scene | null>(null)
  const strip = useElementSize()
  const [trouble, setTrouble] = useState<string | null>(null)
  const [voi, setVoi] = useState(rangeOf('bone'))
  const [views, setViews] = useState<Partial<Record<PlaneName, PlaneView>>>({})
  const outlinesAt = useMemo(() => createOutliner(study.labels), [study.labels])
  const range = useMemo(() => {
    const { min, max } = boundsLps(study.volume)
    return { foot: min[2], head: max[2] }
  }, [study.volume])

  // biome-ignore lint/correctness/useExhaustiveDependencies: a scene belongs to one study; the rest is told to it later.
  useEffect(() => {
    let made: Scene | undefined
    let ended = false
    const stops: (() => void)[] = []
    createScene(elements.current as Record<PlaneName, HTMLDivElement>, study.volume, rangeOf('bone')).then(
      (scene) => {
        if (ended) return scene.dispose()
        made = scene
        const moved = new Set<PlaneName>(PLANES)
        let frame = 0
        const draw = () => {
          frame = 0
          const fresh = Object.fromEntries([...moved].map((plane) => [plane, scene.view(plane)]))
          moved.clear()
          setViews((before) => ({ ...before, ...fresh }))
        }
        stops.push(
          scene.subscribe((plane) => {
            moved.add(plane)
            frame ||= requestAnimationFrame(draw)
          }),
          scene.onWindow((range) => {
            setVoi(range)
            onWindow(range)
          }),
          () => cancelAnimationFrame(frame),
        )
        const sizes = new ResizeObserver(() => scene.resize())
        for (const plane of PLANES) sizes.observe(elements.current[plane]!)
        stops.push(() => sizes.disconnect())
        scene.moveTo(start)
        draw()
        setScene(scene)
        performance.mark('all-planes')
        onScene(scene)
      },
      (error: unknown) => setTrouble(error instanceof Error ? error.message : String(error)),
    )
    return () => {
      ended = true
      for (const stop of stops) stop()
      onScene(null)
      made?.dispose()
    }
  }, [study])

  useEffect(() => scene?.setTool(tool), [scene, tool])

  const shown = PLANES.map((plane): readonly [PlaneName, ShownPlace[]] => {
    const boxes = report.vertebrae.flatMap(({ level, call }): ShownPlace[] => {
      const place = places.get(level)
      const called = call === 'fracture'
      return place && (called || level === selected) ? [{ place, called, active: level === selected }] : []
    })
    return [plane, boxes]
  })
  const axialDepth = views.axial?.depthMm

  if (trouble !== null)
    return (
      <Center className="images">
        <Stack maw={480} role="alert">
          <Text fw={600}>The images cannot be drawn here.</Text>
          <Text size="sm" c="dimmed">
            {trouble} A browser with WebGL 2 is needed. The results beside are complete; the report shows
            pictures.
          </Text>
        </Stack>
      </Center>
    )
  return (
    <section className={large ? `images only-${large}` : 'images'} aria-label="Images">
      {shown.map(([plane, boxes]) => {
        const view = views[plane]
        const position = view ? positionWords(plane, view, study) : ['loading']
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the planes have keys of the whole page
          <div
            key={plane}
            className={`plane ${plane}`}
            onPointerEnter={() => onActive(plane)}
            onDoubleClick={() => onLarge(plane)}
            onContextMenu={(event) => event.preventDefault()}
          >
            <div
              className="canvas"
              role="img"
              aria-label={`${PLANE[plane].title} plane, ${position.join(', ')}`}
              aria-current={plane === active || undefined}
              ref={(element) => {
                if (element) elements.current[plane] = element
              }}
            />
            {view && (
              <Overlay
                plane={plane}
                isActive={plane === active}
                view={view}
                outlines={overlays ? outlinesAt(plane, view.depthMm) : []}
                places={overlays ? boxes : []}
                position={position}
                window={windowWords(voi)}
              />
            )}
            {!scene && plane === 'axial' && firstSlice && <FirstSlice slice={firstSlice} />}
            {!scene && plane === 'sagittal' && (
              <Center className="waiting">
                <Loader size="sm" aria-label="Drawing" />
              </Center>
            )}
          </div>
        )
      })}
      <div className="strip-place" ref={strip.ref}>
        {scene && axialDepth !== undefined && strip.height > 0 && (
          <SuspicionStrip
            report={report}
            labels={study.labels}
            range={range}
            depthMm={axialDepth}
            height={strip.height}
            onJump={(z) => {
              const [x, y] = scene.place()
              scene.moveTo([x, y, z])
            }}
          />
        )}
      </div>
    </section>
  )
}

/** ["slice 212 of 300", "F 41.5 mm"]: counted along the volume's own axis, from 1 as its files are read; place from the scanner's origin. */
function positionWords(name: PlaneName, view: PlaneView, { volume }: OpenStudy): string[] {
  const plane = PLANE[name]
  const along = axisAlong(volume, plane.across)
  const place = transform(invert(volume.ijkToLps), middleOf(view, plane))[along]
  const count = volume.shape[2 - along]
  const slice = Math.round(place) + 1
  const side = (view.depthMm < 0 ? 'RAF' : 'LPH')[plane.axis]
  const mm = `${side} ${Math.abs(view.depthMm).toFixed(1)} mm`
  return slice < 1 || slice > count ? [mm] : [`${['column', 'row', 'slice'][along]} ${slice} of ${count}`, mm]
}

/** Point in the patient at the middle of what a plane shows. */
function middleOf({ matrix: [a, b, c, d, e, f], width, height, depthMm }: PlaneView, plane: Plane): Vec3 {
  const det = a * d - b * c
  const [x, y] = [width / 2 - e, height / 2 - f]
  return pointOnPlane(plane, (d * x - c * y) / det, (a * y - b * x) / det, depthMm)
}

/** Which voxel axis, x, y or z, runs most along a direction. */
function axisAlong({ ijkToLps: m }: OpenStudy['volume'], [dx, dy, dz]: Vec3): 0 | 1 | 2 {
  const size = spacingMm(m)
  const share = ([0, 1, 2] as const).map((n) => Math.abs(m[n] * dx + m[4 + n] * dy + m[8 + n] * dz) / size[n])
  return share.indexOf(Math.max(...share)) as 0 | 1 | 2
}
