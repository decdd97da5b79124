/** Labels of the Encoding standard by DICOM's defined terms for SpecificCharacterSet (PS3.3 C.12.1.1.2). */
const ENCODINGS: Readonly<Record<string, string>> = {
  '': 'iso-8859-1',
  'ISO_IR 6': 'iso-8859-1',
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 87': 'iso-2022-jp',
  'ISO_IR 149': 'euc-kr',
  'ISO_IR 58': 'gb18030',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
}

/**
 * Text of an element. characterSet is the whole value of SpecificCharacterSet; of several the last is used, which
 * holds the letters beyond ASCII. Control characters are taken out: text ends up in terminals and reports.
 */
export function decodeText(bytes: Uint8Array, characterSet: string): string {
  const term = (characterSet.split('\\').at(-1) ?? '').trim().toUpperCase().replace('ISO 2022 IR', 'ISO_IR')
  const decoder = new TextDecoder(ENCODINGS[term] ?? 'iso-8859-1')
  return decoder
    .decode(bytes)
    .replace(/\p{Cc}/gu, ' ')
    .trim()
}
