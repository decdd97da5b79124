import { Text, Title } from '@mantine/core'
import { countReasons, type Finding } from '@neckfrac/core'
import type { StudyReport } from '../studies/studies.ts'

const WORDS: Readonly<Record<Finding['severity'], string>> = {
  info: 'Note',
  warning: 'Warning',
  blocking: 'Blocking',
}

/** What a reader must know about the study: its quality, what was read, what was not, and who judged it. */
export function StudyFacts({ report }: { report: StudyReport }) {
  const { findings, series, skipped, geometry, bundle, software, timingsMs, createdAt } = report
  const [dx, dy, dz] = geometry.spacingMm
  const seconds = Object.values(timingsMs).reduce((sum, ms) => sum + ms, 0) / 1000
  return (
    <section className="facts" aria-label="About this study">
      <Title order={3} size="h6">
        Quality
      </Title>
      {findings.length === 0 && <Text size="sm">Nothing to note.</Text>}
      {findings.map(({ code, severity, message }) => (
        <Text key={code + message} size="sm" className={`finding ${severity}`}>
          <strong>{WORDS[severity]}:</strong> {message}
        </Text>
      ))}
      <details open={skipped.length > 0}>
        <summary>
          Read {geometry.sliceCount} slices; skipped {skipped.length}{' '}
          {skipped.length === 1 ? 'file' : 'files'}
        </summary>
        <Text size="sm">
          {geometry.columns} x {geometry.rows} pixels of {dx.toFixed(2)} x {dy.toFixed(2)} mm, slices{' '}
          {dz.toFixed(2)} mm apart
        </Text>
        {series.map((s) => (
          <Text key={s.seriesInstanceUid} size="sm" {...(!s.chosen && { c: 'dimmed' })}>
            {s.chosen ? 'Read' : 'Left out'}: “{s.description || 'unnamed series'}”, {s.sliceCount} {s.plane}{' '}
            images
            {s.kernel ? `, ${s.kernel}` : ''}: {s.reason}
          </Text>
        ))}
        {countReasons(skipped).map((reason) => (
          <Text key={reason} size="sm" c="dimmed">
            Skipped {reason}
          </Text>
        ))}
      </details>
      <details>
        <summary>
          Judged by {bundle.name} {bundle.version}, {software.name} {software.version}
        </summary>
        <Text size="sm">Trained on {bundle.trainedOn}.</Text>
        <Text size="sm">
          {createdAt.replace('T', ' ').slice(0, 19)} UTC, {seconds.toFixed(1)} s
        </Text>
        {Object.entries(bundle.networks).map(([name, hash]) => (
          <Text key={name} size="xs" c="dimmed" className="break-anywhere">
            {name} {hash}
          </Text>
        ))}
        <Text size="xs" c="dimmed" className="break-anywhere">
          Study {report.studyInstanceUid}
        </Text>
        <Text size="xs" c="dimmed" className="break-anywhere">
          Series {report.seriesInstanceUid}
        </Text>
      </details>
    </section>
  )
}
