import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'

/** Resident memory of all tabs, their workers in them; null without /proc. */
export async function residentBytes(browser: Browser): Promise<number | null> {
  if (process.platform !== 'linux') return null
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  const pages = processInfo.filter(({ type }) => type === 'renderer')
  const kilobytes = pages.map(({ id }) =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]),
  )
  return 1024 * kilobytes.reduce((a, b) => a + b, 0)
}
