import { expect, test } from 'vitest'
import { layOut } from '../../../scripts/menus/graph/layout.ts'
import { mermaidOf } from '../../../scripts/menus/graph/mermaid.ts'
import { drawnScreens } from '../../../scripts/menus/graph/model.ts'
import { pageOf } from '../../../scripts/menus/graph/page.ts'
import { drafted, edited, smallSources } from './support.ts'

type Data = { screens: object; pictures: Record<string, Record<string, { example: { text: string } | null }>> }

function dataOf(page: string): Data {
  const [, json = ''] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page) ?? []
  return JSON.parse(json)
}

function cardOf(page: string, id: string): string {
  return new RegExp(`<article class="([^"]*)"[^>]*data-id="${id.replace('.', '\\.')}"`).exec(page)?.[1] ?? 'no card'
}

test('the Mermaid chart of the small menus is the one that was reviewed', async () => {
  const { draft } = drafted(await smallSources())
  await expect(mermaidOf(draft)).toMatchFileSnapshot('graph/small.mmd')
})

test('a label cannot break out of its quotes', async () => {
  const { draft } = drafted(edited(await smallSources(), 'main.yaml', 'Send money', '\'Send "1" <b>#9;\''))
  expect(mermaidOf(draft)).toContain('"1 Send #34;1#34; #60;b#62;#35;9;"')
})

test('the page shows every screen in every language and asks the network for nothing', async () => {
  const { draft, problems } = drafted(await smallSources())
  const page = pageOf(draft, problems)
  const ids = Object.keys(draft.program.screens)
  expect(Object.keys(dataOf(page).screens).sort()).toEqual([...ids].sort())
  for (const id of ids) expect(cardOf(page, id)).toContain('card')
  expect(dataOf(page).pictures.en?.['main.home']?.example?.text).toContain('Send money')
  expect(dataOf(page).pictures.sw?.['main.home']?.example?.text).toContain('Tuma pesa')
  expect(page).not.toMatch(/https?:|\bsrc=|@import|url\((?!#)/)
})

test('words of a menu are shown and never run', async () => {
  const words = '</script><img onerror=alert(1)>'
  const { draft, problems } = drafted(edited(await smallSources(), 'main.yaml', 'Send money', `'${words}'`))
  const page = pageOf(draft, problems)
  expect(page).not.toContain(words)
  expect(page).not.toContain('<img')
  expect(dataOf(page).pictures.en?.['main.home']?.example?.text).toContain(words)
})

test('of refused menus, the page marks what is too long and what nobody sees', async () => {
  const longer = edited(await smallSources(), 'main.yaml', 'Send money', `"${'Send money now '.repeat(14)}"`)
  const sources = {
    ...longer,
    'main.yaml': `${longer['main.yaml']?.trimEnd()}\n  lonely: { end: Nobody reads this }\n`,
  }
  const { draft, problems } = drafted(sources)
  expect(problems.map(({ code }) => code)).toEqual(expect.arrayContaining(['E-WIDTH', 'E-REACH']))
  const page = pageOf(draft, problems)
  expect(cardOf(page, 'main.home').split(' ')).toContain('long')
  expect(cardOf(page, 'main.lonely').split(' ')).toContain('unreached')
  expect(cardOf(page, 'send.to').split(' ')).not.toContain('unreached')
  expect(page).toContain('E-REACH')
})

test('menus that cannot be measured are drawn without their longest forms', async () => {
  const { draft, problems } = drafted(edited(await smallSources(), 'main.yaml', 'go: send', 'go: nowhere'))
  expect(draft.worst).toEqual([])
  expect(cardOf(pageOf(draft, problems), 'main.home')).toContain('card')
})

test('no two cards overlap, and each stands within its flow', async () => {
  const { draft } = drafted(await smallSources())
  const drawn = drawnScreens(draft)
  const size = { width: 200, height: 100 }
  const { screens, flows } = layOut(drawn, new Set([draft.program.start]), ({ ways }) => ({
    ...size,
    height: size.height + ways.length * 20,
  }))
  expect(screens.size).toBe(drawn.length)
  for (const { id, flow } of drawn) {
    const [box, band] = [screens.get(id), flows.get(flow)]
    if (box === undefined || band === undefined) throw new Error(`${id} has no place`)
    expect(box.x).toBeGreaterThanOrEqual(band.x)
    expect(box.x + box.width).toBeLessThanOrEqual(band.x + band.width)
    expect(box.y + box.height).toBeLessThanOrEqual(band.y + band.height)
    for (const [other, { x, y, width, height }] of screens) {
      const apart = box.x + box.width <= x || x + width <= box.x || box.y + box.height <= y || y + height <= box.y
      expect(other === id || apart, `${id} and ${other}`).toBe(true)
    }
  }
})
