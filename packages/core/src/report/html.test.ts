import { decode } from 'fast-png'
import { describe, expect, it } from 'vitest'
import { notAnalysable, report } from '../../test/report.ts'
import { toHtml } from './html.ts'
import type { Figure, Report } from './report.ts'

const overview: Figure = {
  kind: 'overview',
  level: null,
  width: 5,
  height: 3,
  spacingMm: 0.6,
  pixels: Uint8Array.from({ length: 15 }, (_, i) => i * 17),
  outlines: [
    {
      label: 'C2',
      points: [
        [1, 1],
        [3, 1],
        [3, 2],
      ],
    },
  ],
  box: null,
}
const axial: Figure = { ...overview, kind: 'axial', level: 'C2', box: { x: 1, y: 1, width: 2, height: 1 } }
const sagittal: Figure = { ...axial, kind: 'sagittal' }
const pictured: Report = { ...report, figures: [overview, axial, sagittal] }
const visible = (page: string) => page.slice(page.indexOf('<body>'))

describe('the page', () => {
  it('opens with the notice, then the verdict', () => {
    const page = visible(toHtml(report))
    expect(page.replace(/<[^>]*>/g, '').trimStart()).toMatch(/^Not a medical device\..*synthetic/)
    expect(page.indexOf('Not a medical device')).toBeLessThan(page.indexOf('Fracture suspected'))
  })

  it('is self-contained: no scripts, and nothing is fetched', () => {
    const page = toHtml(pictured)
    expect(page).not.toMatch(/<script|<link|<iframe|\son\w+=|https?:|url\(|@import/i)
    expect(page.match(/(href|src)="(?!data:image\/png;base64,)/g)).toBeNull()
    expect(page).toContain("default-src 'none'")
  })

  it('escapes every text that comes from a file', () => {
    const evil = `"'><script>alert(1)</script>&`
    const s = report.series[0]
    const page = toHtml({
      ...pictured,
      notice: report.notice,
      source: evil,
      studyInstanceUid: evil,
      seriesInstanceUid: evil,
      description: evil,
      bundle: {
        ...report.bundle,
        name: evil,
        version: evil,
        trainedOn: evil,
        networks: { [evil]: evil },
        operatingPoint: evil,
      },
      series: [{ ...s, description: evil, modality: evil, kernel: evil, reason: evil }],
      vertebrae: report.vertebrae.map((v) => (v.box ? { ...v, box: { ...v.box, path: evil } } : v)),
      findings: [{ code: evil, severity: 'warning', message: evil }],
      skipped: [{ path: evil, reason: evil }],
      timingsMs: { [evil]: 1 },
      figures: [{ ...overview, outlines: [{ ...overview.outlines[0], label: evil }] }, axial],
    })
    expect(page).not.toContain('<script')
    expect(page).not.toContain(evil.slice(0, 4))
    expect(page).toContain('&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;')
  })

  it('shows each flagged vertebra with its place and both pictures', () => {
    const page = visible(toHtml(pictured))
    expect(page.match(/<article/g)).toHaveLength(1)
    expect(page).toContain(
      'slice 42 of 300 (258.dcm), from the vertebra&#39;s centre 12 mm right, 8 mm posterior',
    )
    expect(page.match(/<svg[^>]*aria-label="[^"]+"/g)).toHaveLength(3)
    expect(page.match(/<rect class="box" x="1" y="1" width="2" height="1"/g)).toHaveLength(2)
  })

  it('carries the pixels as PNG, unchanged', () => {
    const uri = /href="data:image\/png;base64,([^"]+)"/.exec(toHtml(pictured)) ?? []
    const png = decode(new Uint8Array(Buffer.from(uri[1], 'base64')))
    expect([png.width, png.height, png.channels]).toEqual([5, 3, 1])
    expect([...png.data]).toEqual([...overview.pixels])
  })

  it('says in words what is not assessable', () => {
    const row = /<tr class="not-assessable">.*?<\/tr>/s.exec(toHtml(report))?.[0] ?? ''
    expect(row).toContain('C7')
    expect(row).toContain('hatched')
    expect(row).toContain('not assessable')
    expect(row).toContain('not found in the field of view')
  })

  it('is the same for the same report', () => {
    expect(toHtml(pictured)).toBe(toHtml(pictured))
  })
})

describe('a study that was not judged never looks negative', () => {
  const page = visible(toHtml(notAnalysable))
  it('says so, and why', () => {
    expect(page).toContain('<strong>Not analysable</strong>')
    expect(page).toContain('This says nothing about whether there is a fracture. Slices are 4.25 mm apart')
  })
  it('has neither a negative word nor a probability', () => {
    expect(page).not.toMatch(/no fracture|negative|normal/i)
    expect(page).not.toContain('class="fill"')
  })
  it('has no negative even where a report contradicts itself', () => {
    const odd = {
      ...notAnalysable,
      patient: { ...report.patient, probability: 0.01, call: 'no-fracture' as const },
    }
    expect(visible(toHtml(odd))).not.toMatch(/no fracture/i)
  })
})

it('a negative verdict names the levels that were not judged', () => {
  const negative: Report = {
    ...report,
    patient: { probability: 0.1, threshold: 0.5, call: 'no-fracture' },
    vertebrae: report.vertebrae.map((v) =>
      v.box ? { ...v, box: null, probability: 0.1, call: 'no-fracture' } : v,
    ),
  }
  const page = visible(toHtml(negative))
  expect(page).toContain('No fracture flagged in the levels that were judged')
  expect(page).toContain('Not assessed: C7.')
})

it('a patient below the threshold with a vertebra above its own is not called negative', () => {
  const page = visible(
    toHtml({ ...report, patient: { probability: 0.4, threshold: 0.5, call: 'no-fracture' } }),
  )
  expect(page).toContain('<div class="verdict fracture"><div><strong>Fracture suspected in C2</strong>')
})
