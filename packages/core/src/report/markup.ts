/** Text that is already HTML. Only the `html` tag makes it, so whatever else goes into a page is escaped. */
export type Markup = { readonly markup: string }

type Insert = string | number | Markup | readonly Insert[]

/** Template tag: inserted text is escaped, inserted markup is kept, lists are joined. */
export function html(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Markup {
  return { markup: parts.reduce((text, part, i) => text + write(inserts[i - 1]) + part) }
}

function write(insert: Insert): string {
  if (typeof insert === 'string' || typeof insert === 'number') return escapeHtml(String(insert))
  return 'markup' in insert ? insert.markup : insert.map(write).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Safe as text and inside quoted attributes; control and bidirectional override characters become spaces. */
export const escapeHtml = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' ')
    .replace(/[&<>"']/g, (c) => ENTITIES[c])

export const NOTHING: Markup = { markup: '' }
