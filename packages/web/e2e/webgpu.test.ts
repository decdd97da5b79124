import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { findChromium, launchChromium, NO_CHROMIUM, SOFTWARE_WEBGPU } from './chromium.ts'
import { writePatient } from './fixtures.ts'
import {
  buildStaticPage,
  expectAgreement,
  keepReports,
  predictByCommandLine,
  reportsOf,
} from './static-page.ts'
import { type StaticServer, serveFolder } from './static-server.ts'

const SLOW_MS = 180_000

const chromium = findChromium()
if (!chromium) console.warn(NO_CHROMIUM)

describe.skipIf(!chromium)('the page without a server, where the browser has WebGPU in software', () => {
  const folder = mkdtempSync(join(tmpdir(), 'neckfrac-webgpu-'))
  const at = (name: string) => join(folder, name)
  let server: StaticServer
  let browser: Browser

  beforeAll(async () => {
    writePatient(at('six'), 6, 'SYNTHETIC^Six')
    await buildStaticPage(at('page'))
    server = await serveFolder(at('page'))
    browser = await launchChromium(chromium!, SOFTWARE_WEBGPU)
  }, SLOW_MS)
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Gives a new page the study; the words are those of the list's row, as it runs. */
  const start = async (query: string) => {
    const page = await browser.newPage()
    page.setDefaultTimeout(SLOW_MS)
    await keepReports(page)
    await page.goto(server.url + query)
    await page.locator('input[webkitdirectory]').setInputFiles(at('six'))
    const says = (words: string | RegExp) => page.locator('tbody').getByText(words).waitFor()
    return { page, says }
  }

  it(
    'takes WASM: a software adapter is slower',
    async () => {
      const { page, says } = await start('')
      await says(/the vertebrae, WASM/)
      await page.close()
    },
    SLOW_MS,
  )

  it(
    'takes WASM when WebGPU computes something else than PyTorch',
    async () => {
      const name = readdirSync(at('page/assets')).find((file) => file.startsWith('segmenter.logits'))!
      const logits = readFileSync(at(`page/assets/${name}`))
      writeFileSync(at(`page/assets/${name}`), Buffer.alloc(logits.length))
      const { page, says } = await start('?engine=webgpu')
      await says(/^preparing the networks: checking what WebGPU computes, 1 of 3$/)
      await says(/^finding the vertebrae, WASM, [^:]+$/)
      writeFileSync(at(`page/assets/${name}`), logits)
      await page.close()
    },
    SLOW_MS,
  )

  it(
    'goes on with WASM when the graphics card is lost, and says so',
    async () => {
      const { page, says } = await start('?engine=webgpu')
      // Lines of ONNX Runtime: two networks are on the card, where the check of each takes long.
      for (let n = 0; n < 3; n++)
        await page.waitForEvent('console', { predicate: (line) => /onnxruntime/.test(line.text()) })
      await loseGraphicsCard(page)
      await says(/WASM, .*: the graphics card was lost/)
      await says('done')
      const [found] = await reportsOf(page)
      const [wanted] = (await predictByCommandLine([at('six')], at('out'))).values()
      expectAgreement(found, wanted)
      await page.close()
    },
    SLOW_MS,
  )
})

/** As when its driver crashes. */
async function loseGraphicsCard(page: Page): Promise<void> {
  const session = await page.context().browser()!.newBrowserCDPSession()
  await session.send('Browser.crashGpuProcess')
  await session.detach()
}
