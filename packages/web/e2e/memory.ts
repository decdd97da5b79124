import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'

/** Memory of all tabs, their workers in them: resident now (RSS), or at most so far (HWM); null without /proc. */
export async function residentBytes(browser: Browser, which: 'RSS' | 'HWM' = 'RSS'): Promise<number | null> {
  if (process.platform !== 'linux') return null
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  const pages = processInfo.filter(({ type }) => type === 'renderer')
  const kilobytes = pages.map(({ id }) =>
    Number(new RegExp(`Vm${which}:\\s+(\\d+)`).exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]),
  )
  return 1024 * kilobytes.reduce((a, b) => a + b, 0)
}
