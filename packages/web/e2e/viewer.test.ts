import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import type { Browser, ConsoleMessage, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium, launchChromium, NO_CHROMIUM } from './chromium.ts'
import { HOSTILE_NAME, MARK_RAS, writeLongBlock, writeMarkedBlock, writePatient } from './fixtures.ts'
import { residentBytes } from './memory.ts'
import { startView, type ViewProcess } from './view-process.ts'

/** Where the pictures of a run lie, for a look. */
const SHOTS = join(import.meta.dirname, '..', '..', '..', 'out', 'e2e')

const chromium = findChromium()
if (!chromium) console.warn(NO_CHROMIUM)

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Building the page and analysing three small studies, with both cores busy. */
const START_MS = 180_000

describe.skipIf(!chromium)('neckfrac view in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'neckfrac-e2e-'))
  const out = join(folder, 'out')
  let view: ViewProcess
  let browser: Browser
  let page: Page
  const requests: string[] = []
  const complaints: string[] = []

  beforeAll(async () => {
    writePatient(join(folder, 'hostile'), 4, HOSTILE_NAME)
    writePatient(join(folder, 'plain'), 6, 'SYNTHETIC^Six')
    writeMarkedBlock(join(folder, 'block.nii'), [-1, -2, 3])
    writeLongBlock(join(folder, 'long.nii'))
    writeFileSync(join(folder, 'broken.dcm'), Buffer.alloc(2000, 7))
    const paths = ['hostile', 'plain', 'block.nii', 'long.nii', 'broken.dcm'].map((name) =>
      join(folder, name),
    )
    view = await startView(paths, out)
    browser = await launchChromium(chromium!)
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.setDefaultTimeout(START_MS / 3)
    page.on('request', (request) => requests.push(request.url()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message: ConsoleMessage) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    await page.goto(view.url)
    await page
      .getByText('0 in progress')
      .or(page.getByText('5 studies', { exact: true }))
      .waitFor({ timeout: START_MS })
    await page.waitForFunction(
      () => !document.querySelector('[role=status]')?.textContent?.includes('progress'),
      null,
      { timeout: START_MS },
    )
  }, START_MS)
  afterAll(async () => {
    await browser?.close()
    await view?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const home = async () => {
    await page.evaluate(() => {
      location.hash = '#/'
    })
    await page.getByRole('table').waitFor()
  }
  const open = async (name: string) => {
    await home()
    await page.getByRole('link', { name }).click()
    await page.locator('.strip').waitFor()
  }
  /** What a plane says of its slice, its place and its window. */
  const notes = async (plane: string) =>
    (await page.locator(`.plane.${plane} .note`).allTextContents()).join(', ')
  const allNotes = () => Promise.all(['axial', 'sagittal', 'coronal'].map(notes))
  /** As the scale bar says: "2 cm" and so many pixels. */
  const pixelsPerMm = async (plane: string): Promise<number> => {
    const bar = page.locator(`.plane.${plane} .scale`)
    const [, number, unit] = /(\d+) (mm|cm)/.exec((await bar.textContent())!)!
    const [, left, right] = /^M([\d.]+) .*H([\d.]+)/.exec((await bar.locator('path').getAttribute('d'))!)!
    return (Number(right) - Number(left)) / (Number(number) * (unit === 'cm' ? 10 : 1))
  }
  /** The same once two readings in a row agree: bar and label are read apart, and planes may still be finding their size. */
  const settledPixelsPerMm = async (plane: string): Promise<number> => {
    let last = Number.NaN
    await expect
      .poll(async () => {
        const before = last
        last = await pixelsPerMm(plane)
        return last === before
      })
      .toBe(true)
    return last
  }
  const reportOf = (uid: string) => JSON.parse(readFileSync(join(out, uid, 'report.json'), 'utf8'))
  const shot = (name: string) => page.screenshot({ path: join(SHOTS, `${name}.png`) })

  it('lists judged studies by suspicion, then what has a problem, with its reason', async () => {
    await home()
    const rows = await page.locator('tbody tr').allTextContents()
    expect(rows).toHaveLength(5)
    const shares = [0, 1].map((n) => Number(/[<>]?([\d.]+) %/.exec(rows[n])![1]))
    expect(shares[0]).toBeGreaterThanOrEqual(shares[1])
    expect(rows.slice(2).join()).toMatch(/not analysable.*too coarse to judge fractures/)
    expect(rows.slice(2).join()).toMatch(/failedno CT series of a neck.*broken\.dcm: not a DICOM file/s)
    await shot('list')
  })

  it('shows a hostile name as it is and runs nothing of it', async () => {
    await home()
    expect(await page.getByRole('link', { name: '<script>alert(1)</script>, X' }).count()).toBe(1)
    await open('<script>alert(1)</script>, X')
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('<script>alert(1)</script>, X')
    expect(complaints).toEqual([])
  })

  it('says what it is at all times', async () => {
    for (const go of [home, () => open('SYNTHETIC, Six')]) {
      await go()
      const notice = await page.locator('footer').textContent()
      expect(notice).toMatch(/Not a medical device.*compact .*synthetic studies only/)
    }
  })

  it('"show me" brings all planes to the finding of the report', async () => {
    await open('SYNTHETIC, Six')
    const report = reportOf('2.25.9006')
    const finding = report.vertebrae.find((v: { box: unknown }) => v.box)
    await page.getByRole('button', { name: `Show me ${finding.level}` }).click()
    await expect.poll(() => page.locator('.box.active').count()).toBe(3)
    const words = await page.locator('.plane.axial .note').allTextContents()
    expect(words).toContain(`slice ${finding.box.sliceIndex + 1} of ${report.geometry.sliceCount}`)
    const [x, y, z] = finding.box.centreLps
    const depths = await Promise.all(
      ['sagittal', 'coronal', 'axial'].map((p) => page.locator(`.plane.${p} .note`).allTextContents()),
    )
    for (const [n, [letters, at]] of [
      ['RL', x],
      ['AP', y],
      ['FH', z],
    ].entries())
      expect(depths[n]).toContain(`${letters[at < 0 ? 0 : 1]} ${Math.abs(at).toFixed(1)} mm`)
    await shot('show-me')
  })

  it('begins with whole images through the most suspicious place, whose slice is sent first', async () => {
    for (const name of ['SYNTHETIC, Six', '<script>alert(1)</script>, X']) {
      await open(name)
      const [sent, stepMm] = await page.evaluate(async () => {
        const answer = await fetch(`/api/studies/${location.hash.split('/').at(-1)}/first-slice`)
        const { ijkToLps } = JSON.parse(answer.headers.get('X-NeckFrac-Grid')!)
        return [ijkToLps[11], Math.abs(ijkToLps[10])] as const
      })
      const [, side, mm] = /\b([HF]) ([\d.]+) mm/.exec(await notes('axial'))!
      expect(Math.abs((side === 'H' ? 1 : -1) * Number(mm) - sent)).toBeLessThanOrEqual(0.51 * stepMm)
      const [before, scale] = [await allNotes(), await settledPixelsPerMm('sagittal')]
      await page.keyboard.press('+')
      await expect.poll(() => pixelsPerMm('sagittal')).toBeCloseTo(1.25 * scale)
      await page.keyboard.press('r')
      await expect.poll(() => pixelsPerMm('sagittal')).toBeCloseTo(scale)
      expect(await allNotes()).toEqual(before)
    }
  })

  it('hides and shows what lies over the images with one key', async () => {
    await open('SYNTHETIC, Six')
    expect(await page.locator('.outline').count()).toBeGreaterThan(3)
    await page.keyboard.press('v')
    await expect.poll(() => page.locator('.outline, .box').count()).toBe(0)
    await page.keyboard.press('v')
    await expect.poll(() => page.locator('.outline').count()).toBeGreaterThan(3)
  })

  it('the strip moves the axial plane and no other', async () => {
    await open('SYNTHETIC, Six')
    const plane = (await page.locator('.plane.axial').boundingBox())!
    await page.mouse.click(plane.x + 0.3 * plane.width, plane.y + 0.4 * plane.height)
    const strip = (await page.locator('.strip').boundingBox())!
    const [axial, ...others] = await allNotes()
    await page.mouse.click(strip.x + 40, strip.y + 0.2 * strip.height)
    await expect.poll(() => notes('axial')).not.toBe(axial)
    expect((await allNotes()).slice(1)).toEqual(others)
    const slider = page.getByRole('slider')
    const place = async () => Number(await slider.getAttribute('aria-valuenow'))
    const before = await place()
    await slider.press('PageDown')
    await expect.poll(place).toBe(before - 10)
  })

  it('calls follow the operating point', async () => {
    await open('SYNTHETIC, Six')
    const report = reportOf('2.25.9006')
    for (const [name, point] of Object.entries(report.bundle.operatingPoints)) {
      const { thresholds } = point as { thresholds: Record<string, number> }
      await page.getByLabel('Operating point').selectOption(name)
      const calls = await page
        .locator('.levels tbody tr')
        .evaluateAll((rows) => rows.map((row) => row.className))
      const expected = report.vertebrae.map(
        ({ level, probability }: { level: string; probability: number | null }) =>
          probability === null
            ? 'not-assessable'
            : probability >= thresholds[level]
              ? 'fracture'
              : 'no-fracture',
      )
      expect(calls.slice(0, 7)).toEqual(expected)
    }
  })

  it('works by keyboard alone, from the list to a kept verdict', async () => {
    await home()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.locator('.strip').waitFor()
    await page.keyboard.press('n')
    const level = await page.locator('.levels tr[data-selected] th').textContent()
    await page.keyboard.press('d')
    await page.getByText('Your reading is saved with the study.').waitFor()
    const name = await page.getByRole('heading', { level: 1 }).textContent()
    const uid = name?.includes('Six') ? '2.25.9006' : '2.25.9004'
    const kept = JSON.parse(readFileSync(join(out, uid, 'feedback.json'), 'utf8'))
    expect(kept.vertebrae[level!].verdict).toBe('disagree')
    await page.keyboard.press('?')
    expect(await page.getByRole('dialog').isVisible()).toBe(true)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await page.keyboard.press('Escape')
    await page.getByRole('table', { name: 'Work list' }).waitFor()
  })

  it('moves and zooms every plane by keys, after a choice by mouse too', async () => {
    await open('SYNTHETIC, Six')
    await page.getByText('Soft tissue').click()
    await page.keyboard.press('n')
    await expect.poll(() => page.locator('.levels tr[data-selected]').count()).toBe(1)
    for (const plane of ['sagittal', 'coronal', 'axial']) {
      await page.keyboard.press('t')
      const before = await allNotes()
      await page.keyboard.press('ArrowUp')
      await expect.poll(() => notes(plane)).not.toBe(before[['axial', 'sagittal', 'coronal'].indexOf(plane)])
      const changed = (await allNotes()).filter((now, n) => now !== before[n])
      expect(changed).toHaveLength(1)
    }
    const scale = await settledPixelsPerMm('coronal')
    await page.keyboard.press('+')
    await expect.poll(() => pixelsPerMm('coronal')).toBeCloseTo(1.25 * scale)
    await page.keyboard.press('-')
    await expect.poll(() => pixelsPerMm('coronal')).toBeCloseTo(scale)
  })

  it('searches, filters and goes to the next finding of the list by keys', async () => {
    await home()
    const names = () => page.locator('tbody tr a').allTextContents()
    const chosen = () => page.locator('tbody tr[data-chosen]').allTextContents()
    await page.keyboard.press('n')
    expect((await chosen()).join()).toContain('flagged')
    await page.keyboard.press('/')
    await page.keyboard.type('six')
    await expect.poll(names).toEqual(['SYNTHETIC, Six'])
    await page.getByLabel('Search', { exact: true }).fill('')
    await page.getByText('Not analysable or failed').click()
    await expect.poll(() => page.locator('tbody tr').count()).toBe(3)
    await page.keyboard.press('j')
    expect((await chosen()).join()).toMatch(/not analysable|failed/)
    await page.getByText('All', { exact: true }).click()
  })

  it('a comment survives a reload and is exported', async () => {
    await open('SYNTHETIC, Six')
    await page.keyboard.press('3')
    await page.getByLabel('Comment on C3').fill('motion, not a fracture')
    await page.getByText('Your reading is saved with the study.').waitFor()
    await page.reload()
    await page.locator('.strip').waitFor()
    await page.keyboard.press('3')
    expect(await page.getByLabel('Comment on C3').inputValue()).toBe('motion, not a fracture')
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export JSON' }).click()
    const exported = JSON.parse(readFileSync(await (await download).path(), 'utf8'))
    expect(exported.vertebrae.C3.comment).toBe('motion, not a fracture')
  })

  it('takes a verdict on the patient', async () => {
    await open('SYNTHETIC, Six')
    await page.keyboard.press('0')
    await page.keyboard.press('u')
    await page.getByText('Your reading is saved with the study.').waitFor()
    const { patient } = JSON.parse(readFileSync(join(out, '2.25.9006', 'feedback.json'), 'utf8'))
    const { probability, threshold, call } = reportOf('2.25.9006').patient
    expect(patient).toEqual({ verdict: 'unsure', comment: '', shown: { probability, threshold, call } })
    expect(await page.locator('.levels .patient .said').getAttribute('title')).toBe('You: unsure')
  })

  it('opens the report, prints it and hands it over as JSON', async () => {
    await open('SYNTHETIC, Six')
    const report = async (button: string) => {
      const popup = page.waitForEvent('popup')
      await page.getByRole('button', { name: button, exact: true }).click()
      return popup
    }
    await page.context().addInitScript(() => {
      globalThis.print = () => document.documentElement.setAttribute('data-printed', '')
    })
    const opened = await report('Report')
    await opened.getByText('Not a medical device').first().waitFor()
    expect(await opened.locator('html[data-printed]').count()).toBe(0)
    await opened.close()
    const printed = await report('Print or save as PDF')
    await printed.locator('html[data-printed]').waitFor()
    await printed.close()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Report as JSON' }).click()
    const saved = JSON.parse(readFileSync(await (await download).path(), 'utf8'))
    expect(saved).toEqual(reportOf('2.25.9006'))
  })

  it('left is left, front is front and up is up', async () => {
    await open('block')
    // The planes start in the block's middle; each shows two of the three arms.
    const places = {
      axial: [-MARK_RAS[0], -MARK_RAS[1]],
      sagittal: [-MARK_RAS[1], -MARK_RAS[2]],
      coronal: [-MARK_RAS[0], -MARK_RAS[2]],
    }
    for (const [plane, [u, v]] of Object.entries(places)) {
      const { x, y, pixels } = await brightest(page, plane)
      expect(pixels, plane).toBeGreaterThan(200)
      expect([Math.sign(x), Math.sign(y)], plane).toEqual([u, v])
    }
    const letters = await page.locator('.plane.axial .letter').allTextContents()
    expect(letters).toEqual(['R', 'L', 'A', 'P'])
    await shot('block')
  })

  it(
    'a study of 600 slices opens, scrolls, and leaves nothing behind',
    async () => {
      const volumeBytes = 600 * 512 * 512 * 2
      const before = await residentBytes(browser)
      for (let n = 0; n < 3; n++) {
        await open('long')
        await page.locator('.plane.axial').hover()
        await page.keyboard.press('PageUp')
        // The middle lies between two slices.
        const words = () => page.locator('.plane.axial .note').allTextContents()
        await expect.poll(async () => (await words()).join()).toMatch(/slice 31[01] of 600/)
        const now = await residentBytes(browser)
        if (before !== null) expect(now).toBeLessThan(before + 4 * volumeBytes)
      }
    },
    START_MS,
  )

  it('measures in mm, and the keys still work on a plane that was used', async () => {
    await open('SYNTHETIC, Six')
    await page.keyboard.press('l')
    const plane = (await page.locator('.plane.axial').boundingBox())!
    const [x, y] = [plane.x + 120, plane.y + 300]
    await page.mouse.move(x, y)
    await page.mouse.down()
    for (const step of [50, 100, 150, 200]) await page.mouse.move(x + step, y)
    await page.mouse.up()
    const measured = page.locator('.plane.axial .canvas text', { hasText: 'mm' })
    const expectedMm = 200 / (await pixelsPerMm('axial'))
    const share = async () => Number.parseFloat((await measured.first().textContent()) ?? '') / expectedMm
    // The label has three digits.
    await expect.poll(async () => Math.abs((await share()) - 1)).toBeLessThan(0.03)
    await page.keyboard.press('s')
    await expect
      .poll(() => page.getByLabel('Window', { exact: true }).locator('input:checked').inputValue())
      .toBe('soft')
    expect(await page.locator('.plane.axial .note').allTextContents()).toContain('W 400 L 50')
    await page.keyboard.press('x')
    await expect.poll(() => measured.count()).toBe(0)
  })

  it('wheel, right button and crosshair move the planes', async () => {
    await open('SYNTHETIC, Six')
    const sagittal = (await page.locator('.plane.sagittal').boundingBox())!
    const before = await allNotes()
    await page.mouse.move(sagittal.x + 90, sagittal.y + 90)
    await page.mouse.wheel(0, 300)
    await expect.poll(() => notes('sagittal')).not.toBe(before[1])
    await page.mouse.click(sagittal.x + 90, sagittal.y + 90)
    await expect.poll(() => notes('axial')).not.toBe(before[0])
    await expect.poll(() => notes('coronal')).not.toBe(before[2])
    const wide = await pixelsPerMm('sagittal')
    await page.mouse.down({ button: 'right' })
    await page.mouse.move(sagittal.x + 90, sagittal.y + 160, { steps: 5 })
    await page.mouse.up({ button: 'right' })
    await expect.poll(() => pixelsPerMm('sagittal')).not.toBeCloseTo(wide)
  })

  it('axe finds nothing serious', async () => {
    for (const go of [home, () => open('SYNTHETIC, Six')]) {
      await go()
      if (await page.locator('.strip').count()) await page.keyboard.press('n')
      await page.evaluate(AXE)
      const { violations } = await page.evaluate(() =>
        (globalThis as never as { axe: { run(): Promise<AxeResults> } }).axe.run(),
      )
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join(' ')}`)).toEqual([])
    }
  })

  it('asks nobody but the loopback server, and the policy refuses nothing that the page needs', () => {
    const origin = new URL(view.url).origin
    expect(requests.length).toBeGreaterThan(20)
    expect(requests.filter((url) => !url.startsWith(origin) && !/^(blob|data):/.test(url))).toEqual([])
    expect(complaints).toEqual([])
  })
})

/** Middle of the white pixels of a plane, from the middle of its canvas. */
const brightest = (page: Page, plane: string) =>
  page.evaluate((plane) => {
    const canvas = document.querySelector<HTMLCanvasElement>(`.plane.${plane} canvas`)!
    const { width, height } = canvas
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, width, height)
    const sum = { x: 0, y: 0, pixels: 0 }
    for (let n = 0; n < data.length; n += 4) {
      if (Math.min(data[n], data[n + 1], data[n + 2]) < 250) continue
      sum.x += (n / 4) % width
      sum.y += Math.floor(n / 4 / width)
      sum.pixels++
    }
    return { x: sum.x / sum.pixels - width / 2, y: sum.y / sum.pixels - height / 2, pixels: sum.pixels }
  }, plane)
