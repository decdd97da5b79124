import type { Report } from './report.ts'

/** The report without its pictures, as indented JSON. */
export function toJson(report: Report): string {
  const { figures: _, ...facts } = report
  return `${JSON.stringify(facts, null, 2)}\n`
}
