import { LEVELS } from '../src/levels.ts'
import { noticeFor, type Report, type VertebraResult } from '../src/report/report.ts'

const PROBABILITIES = [0.04, 0.91, 0.03, 0.08, 0.12, 0.21, null]

/** A study of 300 slices: C2 flagged, C7 out of view. Without pictures. */
export const report: Report = {
  schemaVersion: 1,
  notice: noticeFor('synthetic studies only'),
  software: { name: 'NeckFrac', version: '0.1.0' },
  bundle: {
    name: 'compact',
    version: '1.0.0',
    trainedOn: 'synthetic studies only',
    networks: { segmenter: '5e'.repeat(32), slices: 'a1'.repeat(32) },
    operatingPoint: 'f2',
  },
  createdAt: '2026-11-24T08:00:00.000Z',
  source: 'phantom-0007',
  studyInstanceUid: '1.2.826.7',
  seriesInstanceUid: '1.2.826.7.1',
  description: 'CT C-SPINE',
  geometry: { rows: 512, columns: 512, sliceCount: 300, spacingMm: [0.35, 0.35, 0.8] },
  series: [
    {
      seriesInstanceUid: '1.2.826.7.1',
      description: 'BONE 0.8',
      modality: 'CT',
      plane: 'axial',
      sliceCount: 300,
      rows: 512,
      columns: 512,
      spacingMm: [0.35, 0.35, 0.8],
      kernel: 'B60s',
      reason: 'thinnest axial series',
      chosen: true,
    },
  ],
  status: 'analysed',
  patient: { probability: 0.93, threshold: 0.5, call: 'fracture' },
  vertebrae: LEVELS.map((level, i): VertebraResult => {
    const probability = PROBABILITIES[i]
    const flagged = level === 'C2'
    return {
      level,
      centreLps: probability === null ? null : [0, 0, 100 - 20 * i],
      probability,
      threshold: 0.25,
      call: probability === null ? 'not-assessable' : flagged ? 'fracture' : 'no-fracture',
      box: flagged
        ? {
            sliceIndex: 41,
            sopInstanceUid: '1.2.826.7.1.42',
            path: 'series/258.dcm',
            x: 240,
            y: 200,
            width: 40,
            height: 30,
            centreLps: [-12, 8.2, 79.6],
          }
        : null,
      models: {},
    }
  }),
  findings: [{ code: 'levels-not-in-view', severity: 'warning', message: 'Not in view: C7.' }],
  skipped: [{ path: 'DICOMDIR', reason: 'no image' }],
  timingsMs: { read: 800, segment: 1200 },
  figures: [],
}

/** The same study with slices that are too thick to judge. */
export const notAnalysable: Report = {
  ...report,
  status: 'not-analysable',
  patient: { probability: null, threshold: 0.5, call: 'not-assessable' },
  vertebrae: report.vertebrae.map((v) => ({ ...v, probability: null, call: 'not-assessable', box: null })),
  findings: [
    {
      code: 'slices-too-thick',
      severity: 'blocking',
      message: 'Slices are 4.25 mm apart: too coarse to judge.',
    },
  ],
}
