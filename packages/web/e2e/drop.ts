import type { Page } from 'playwright-core'

/** Drops files and folders of the disk on the page, as from a file manager; not on a field made for it. */
export async function drop(page: Page, paths: readonly string[]): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const { width, height } = page.viewportSize()!
  const at = { x: width / 2, y: height - 80 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', {
      type,
      ...at,
      data: { items: [], files: [...paths], dragOperationsMask: 1 },
    })
  await session.detach()
}
