import type { Page } from 'playwright-core'

/** Drops files and folders of the disk on the page, as from a file manager. */
export async function drop(page: Page, paths: readonly string[]): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const target = (await page.locator('.drop').boundingBox())!
  const at = { x: target.x + target.width - 20, y: target.y + target.height / 2 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', {
      type,
      ...at,
      data: { items: [], files: [...paths], dragOperationsMask: 1 },
    })
  await session.detach()
}
