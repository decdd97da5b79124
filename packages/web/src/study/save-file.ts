/** Hands a value to the reader as a JSON file, named by what it is and its study. */
export function saveJson(what: string, studyInstanceUid: string, value: unknown): void {
  const url = URL.createObjectURL(
    new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: 'application/json' }),
  )
  const link = document.createElement('a')
  link.href = url
  link.download = `${what}-${studyInstanceUid.replace(/[^\w.-]/g, '_').slice(0, 80)}.json`
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
