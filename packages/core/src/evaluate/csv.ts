import { NeckFracError } from '../errors.ts'

export type CsvRow = { readonly line: number; readonly cells: Readonly<Record<string, string>> }

/**
 * Rows of a comma-separated file (RFC 4180) by the names of its header.
 * @throws NeckFracError `data` with file and line when a column is missing or a row has another number of cells.
 */
export function parseCsv(text: string, file: string, columns: readonly string[]): CsvRow[] {
  const [header, ...rows] = split(text.replace(/^\ufeff/, ''), file).filter(
    ({ cells }) => cells.length > 1 || cells[0].trim() !== '',
  )
  const names = header?.cells.map((c) => c.trim()) ?? []
  const missing = columns.filter((c) => !names.includes(c))
  if (missing.length > 0)
    throw new NeckFracError(
      'data',
      `${file}, line 1: column ${missing.join(', ')} is missing; expected ${columns.join(',')}.`,
    )
  return rows.map(({ line, cells }) => {
    if (cells.length !== names.length)
      throw new NeckFracError(
        'data',
        `${file}, line ${line}: ${cells.length} values where the header names ${names.length}.`,
      )
    return { line, cells: Object.fromEntries(names.map((name, i) => [name, cells[i].trim()])) }
  })
}

function split(text: string, file: string): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = []
  let [line, start, cell, quoted] = [1, 1, '', false]
  let cells: string[] = []
  const endRow = () => {
    rows.push({ line: start, cells: [...cells, cell] })
    cells = []
    cell = ''
  }
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === '\n') line++
    if (quoted) {
      if (c !== '"') cell += c
      else if (text[i + 1] === '"') {
        cell += c
        i++
      } else quoted = false
    } else if (c === '"' && cell === '') quoted = true
    else if (c === ',') {
      cells.push(cell)
      cell = ''
    } else if (c === '\n') {
      endRow()
      start = line
    } else if (c !== '\r') cell += c
  }
  if (quoted) throw new NeckFracError('data', `${file}, line ${start}: a quotation mark is not closed.`)
  if (cell !== '' || cells.length > 0) endRow()
  return rows
}
