import { Button, Group, SegmentedControl, Text, Title } from '@mantine/core'
import {
  canOpen,
  firstPlace,
  LEVELS,
  mostSuspiciousFirst,
  recall,
  transform,
  type Vec3,
  type Volume,
} from '@neckfrac/core'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { Help } from '../help.tsx'
import { type KeyAction, releaseFocus, useKeys } from '../keys.ts'
import { Notice } from '../notice.tsx'
import { openStudyPage, openWorkList } from '../route.ts'
import type { Feedback, OpenStudy, Verdict } from '../studies/studies.ts'
import { useService, useStudyList } from '../studies/use-studies.ts'
import { orderStudies } from '../worklist/order.ts'
import { BackToList } from './back-to-list.tsx'
import { remarkOn, type Subject, useFeedback } from './feedback.ts'
import { FindingsPanel } from './findings-panel.tsx'
import { Images } from './images.tsx'
import { placesOf } from './places.ts'
import { PLANES, type PlaneName } from './planes.ts'
import { saveJson } from './save-file.ts'
import { type Scene, TOOLS, type ToolName } from './scene.ts'
import { StudyFacts } from './study-facts.tsx'
import { SubjectCard } from './subject-card.tsx'
import { rangeOf, type VoiRange, WINDOWS, type WindowName } from './windows.ts'

const MOUSE = [
  ['Left button', 'the chosen tool: crosshair, window, length or angle'],
  ['Wheel', 'scroll through the slices'],
  ['Right button', 'zoom (also Ctrl and left)'],
  ['Middle button', 'pan (also Shift and left)'],
  ['Double click', 'one plane alone, and back'],
] as const

/** Field around a finding that "show me" zooms to: a vertebra with its neighbours, mm. */
const FIELD_MM = 110
/** What one press of a key enlarges by. */
const ZOOM = 1.25

/** An open study: images, results, and what the reader says of them. */
export default function StudyPage({ study, firstSlice }: { study: OpenStudy; firstSlice: Volume | null }) {
  const service = useService()
  const { studies } = useStudyList()
  const { entry } = study
  const [point, setPoint] = useState(study.report.bundle.operatingPoint)
  const report = useMemo(() => recall(study.report, point), [study.report, point])
  const places = useMemo(() => placesOf(study.report, study.volume), [study])
  const [selected, setSelected] = useState<Subject | null>(null)
  // What was labelled in a study that is no neck would only be in the way.
  const [overlays, setOverlays] = useState(report.status === 'analysed')
  const [tool, setTool] = useState<ToolName>('crosshair')
  const [windowName, setWindowName] = useState<WindowName | 'own'>('bone')
  const [large, setLarge] = useState<PlaneName | null>(null)
  const [help, setHelp] = useState(false)
  const [active, setActive] = useState<PlaneName>('axial')
  const scene = useRef<Scene | null>(null)
  const { feedback, saved, remark } = useFeedback(study, report, service)

  useEffect(() => {
    document.title = `${entry.patient} – NeckFrac`
  }, [entry.patient])

  const ranked = useMemo(() => mostSuspiciousFirst(study.report.vertebrae), [study.report])
  const start = useMemo(() => firstPlace(study.report.vertebrae) ?? middleOf(study.volume), [study])

  const show = (subject: Subject) => {
    const place = subject === 'patient' ? undefined : places.get(subject)
    setSelected(subject)
    if (place) scene.current?.show(place.centre, FIELD_MM)
  }
  const step = (by: 1 | -1) => {
    const called = ranked.filter(({ level }) =>
      report.vertebrae.some((v) => v.level === level && v.call === 'fracture'),
    )
    if (called.length === 0) return
    const at = called.findIndex(({ level }) => level === selected)
    show(called[at < 0 ? (by > 0 ? 0 : called.length - 1) : (at + by + called.length) % called.length].level)
  }
  const openNeighbour = (by: 1 | -1) => {
    const others = orderStudies(studies, { search: '', filter: 'all' }).filter(canOpen)
    const next = others[others.findIndex(({ id }) => id === entry.id) + by]
    if (next) openStudyPage(next.id)
  }
  const take = (plane: PlaneName) => {
    releaseFocus()
    setActive(plane)
    setLarge((now) => now && plane)
  }
  const chooseWindow = (name: WindowName) => {
    scene.current?.setWindow(rangeOf(name))
    setWindowName(name)
  }
  const onWindow = useCallback((range: VoiRange) => {
    const known = (Object.keys(WINDOWS) as WindowName[]).find((name) => {
      const { lower, upper } = rangeOf(name)
      return Math.abs(range.lower - lower) < 1 && Math.abs(range.upper - upper) < 1
    })
    setWindowName(known ?? 'own')
  }, [])
  const say = (verdict: Verdict) => selected && remark(selected, { verdict })
  const openReport = async () => window.open(await service.reportUrl(entry.id), '_blank', 'noopener')
  const printReport = async () => {
    const report = window.open(await service.reportUrl(entry.id), '_blank')
    report?.addEventListener('load', () => report.print())
  }
  const exportFeedback = (said: Feedback) => {
    saveJson('feedback', said.studyInstanceUid, said)
    service.feedbackExported?.(entry.id, said)
  }

  const actions: KeyAction[] = [
    { keys: ['n'], what: 'Next finding, from the most suspicious down', run: () => step(1) },
    { keys: ['p'], what: 'Finding before', run: () => step(-1) },
    {
      keys: ['1', '2', '3', '4', '5', '6', '7'],
      what: 'Show C1 to C7',
      run: ({ key }) => show(LEVELS[Number(key) - 1]),
    },
    { keys: ['0'], what: 'The patient as a whole', run: () => show('patient') },
    {
      keys: ['ArrowUp', 'ArrowDown'],
      what: 'One slice up or down in the underlined plane, which is the one under the mouse',
      run: ({ key }) => scene.current?.scroll(active, key === 'ArrowDown' ? 1 : -1),
    },
    {
      keys: ['PageUp', 'PageDown'],
      what: 'Ten slices',
      run: ({ key }) => scene.current?.scroll(active, key === 'PageDown' ? 10 : -10),
    },
    {
      keys: ['t'],
      what: 'The other plane: axial, sagittal, coronal in turn',
      run: () => take(PLANES[(PLANES.indexOf(active) + 1) % PLANES.length]),
    },
    { keys: ['+', '-'], what: 'Zoom', run: ({ key }) => scene.current?.zoom(key === '+' ? ZOOM : 1 / ZOOM) },
    { keys: ['b'], what: 'Bone window', run: () => chooseWindow('bone') },
    { keys: ['s'], what: 'Soft-tissue window', run: () => chooseWindow('soft') },
    { keys: ['v'], what: 'Outlines, names and boxes on and off', run: () => setOverlays((on) => !on) },
    { keys: ['c'], what: 'Crosshair tool', run: () => setTool('crosshair') },
    { keys: ['w'], what: 'Window tool', run: () => setTool('window') },
    { keys: ['l'], what: 'Length tool', run: () => setTool('length') },
    { keys: ['g'], what: 'Angle tool', run: () => setTool('angle') },
    { keys: ['x'], what: 'Remove the measurements', run: () => scene.current?.clearMeasurements() },
    { keys: ['r'], what: 'Whole images again', run: () => scene.current?.reset() },
    {
      keys: ['f'],
      what: 'One plane alone, and back',
      run: () => setLarge((now) => (now ? null : active)),
    },
    { keys: ['a'], what: 'Agree with what is shown', run: () => say('agree') },
    { keys: ['d'], what: 'Disagree', run: () => say('disagree') },
    { keys: ['u'], what: 'Unsure', run: () => say('unsure') },
    { keys: ['j'], what: 'Next study', run: () => openNeighbour(1) },
    { keys: ['k'], what: 'Study before', run: () => openNeighbour(-1) },
    { keys: ['Escape'], what: 'Back to the list', run: openWorkList },
    { keys: ['?'], what: 'This help', run: () => setHelp(true) },
  ]
  useKeys(actions)

  return (
    <div className="page">
      <header className="bar">
        <BackToList />
        <div className="who">
          <Title order={1} size="h5" className="one-line" title={entry.patient}>
            {entry.patient}
          </Title>
          <Text size="xs" c="dimmed" className="one-line">
            {entry.description}
          </Text>
        </div>
        <span className="spring" />
        <SegmentedControl
          size="xs"
          aria-label="Window"
          data={[
            ...Object.entries(WINDOWS).map(([value, { title }]) => ({ value, label: title })),
            ...(windowName === 'own' ? [{ value: 'own', label: 'Own' }] : []),
          ]}
          value={windowName}
          onChange={(value) => value !== 'own' && chooseWindow(value as WindowName)}
        />
        <SegmentedControl
          size="xs"
          aria-label="Tool of the left mouse button"
          data={Object.entries(TOOLS).map(([value, { title }]) => ({ value, label: title }))}
          value={tool}
          onChange={(value) => setTool(value as ToolName)}
        />
        <Button
          size="compact-sm"
          variant="default"
          aria-pressed={overlays}
          onClick={() => setOverlays(!overlays)}
        >
          {overlays ? 'Hide overlays' : 'Show overlays'}
        </Button>
        <button type="button" className="quiet" onClick={() => setHelp(true)}>
          Keys <kbd>?</kbd>
        </button>
      </header>
      <main className="study">
        <Images
          study={study}
          firstSlice={firstSlice}
          report={report}
          places={places}
          selected={selected === 'patient' ? null : selected}
          overlays={overlays}
          tool={tool}
          start={start}
          active={active}
          large={large}
          onLarge={(plane) => setLarge((now) => (now ? null : plane))}
          onActive={take}
          onScene={(made) => {
            scene.current = made
          }}
          onWindow={onWindow}
        />
        <aside className="panel" aria-label="Results">
          <FindingsPanel
            report={report}
            places={places}
            selected={selected}
            feedback={feedback}
            onShow={show}
            onPoint={setPoint}
          />
          {selected && (
            <SubjectCard
              report={report}
              subject={selected}
              remark={remarkOn(feedback, selected)}
              onRemark={(change) => remark(selected, change)}
            />
          )}
          <Group gap="xs" mt="xs" justify="space-between">
            <Text size="xs" c={typeof saved === 'object' ? 'red' : 'dimmed'} role="status">
              {typeof saved === 'object'
                ? `Not saved: ${saved.trouble}`
                : saved === 'saving'
                  ? 'Saving your reading …'
                  : feedback
                    ? KEPT[service.kind]
                    : places.size > 0 && selected === null
                      ? 'Show a vertebra to say what you think.'
                      : ''}
            </Text>
            {feedback && (
              <Button size="compact-xs" variant="default" onClick={() => exportFeedback(feedback)}>
                Export JSON
              </Button>
            )}
          </Group>
          <Group gap="xs" mt="md" component="section" aria-label="Report">
            <Button size="compact-xs" variant="default" onClick={openReport}>
              Report
            </Button>
            <Button size="compact-xs" variant="default" onClick={printReport}>
              Print or save as PDF
            </Button>
            <Button
              size="compact-xs"
              variant="default"
              onClick={() => saveJson('report', study.report.studyInstanceUid, study.report)}
            >
              Report as JSON
            </Button>
          </Group>
          <StudyFacts report={report} />
        </aside>
      </main>
      <Notice model={study.report.bundle} />
      <Help actions={actions} mouse={MOUSE} opened={help} onClose={() => setHelp(false)} />
    </div>
  )
}

/** Where the reader's words are. */
const KEPT = {
  server: 'Your reading is saved with the study.',
  browser: 'Your reading is gone with this tab: export it to keep it.',
} as const

function middleOf({ shape, ijkToLps }: OpenStudy['volume']): Vec3 {
  const [k, j, i] = shape.map((size) => (size - 1) / 2)
  return transform(ijkToLps, [i, j, k])
}
