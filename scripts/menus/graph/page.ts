import { graphOf } from '../../../src/menu/checks/graph.ts'
import type { Draft } from '../../../src/menu/compile.ts'
import type { Problem } from '../../../src/menu/problem.ts'
import { baseLanguageOf, type ScreenId } from '../../../src/menu/program.ts'
import { type Box, type Layout, layOut } from './layout.ts'
import { type Drawn, type DrawnWay, drawnScreens } from './model.ts'
import { type Picture, type Pictures, picturesOf } from './picture.ts'
import { SCRIPT } from './script.ts'
import { STYLE } from './style.ts'

/** One HTML page that needs nothing else: screens as the handset shows them, flow by flow, with arrows for the ways between them. */
export function pageOf(draft: Draft, problems: readonly Problem[]): string {
  const { program } = draft
  const graph = graphOf(program)
  const pictures = picturesOf(draft, graph)
  const drawn = drawnScreens(draft, graph)
  const starts = new Set([program.start, ...usedStarts(drawn)])
  const layout = layOut(drawn, starts, (screen) => cardSize(screen, pictures))
  const base = baseLanguageOf(program)
  const cards = drawn.map((screen) => card(screen, layout, pictures[base]?.[screen.id]))
  const data = { width: layout.width, height: layout.height, pictures, screens: screensFor(draft, drawn) }
  const options = program.languages.map(
    ({ code, name }) => `<option value="${escaped(code)}">${escaped(name)}</option>`,
  )
  const unreached = drawn.filter(({ reached }) => !reached).length
  const long = drawn.filter((screen) => screen.long).length
  const count = (many: number, what: string): string => (many === 0 ? '' : ` · <b>${many} ${what}</b>`)
  return `<!doctype html>
<html lang="${escaped(base)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Menus, ${escaped(program.market.code)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Menus</h1>
<span class="facts">${escaped(program.market.code)} · ${drawn.length} screens · ${program.hash.slice(0, 12)}${count(unreached, 'never seen')}${count(long, 'too long')}</span>
<span class="spread"></span>
<label>Search <input id="search" type="search" title="Name or words; the key / comes here" aria-label="Name or words" size="18"></label><span id="hits" role="status"></span>
<label>Language <select id="language">${options.join('')}</select></label>
<label>Show <select id="manner"><option value="example">example values</option><option value="longest">longest values</option></select></label>
<fieldset><button id="smaller" type="button" aria-label="Smaller">−</button><output id="scale">100 %</output><button id="larger" type="button" aria-label="Larger">+</button><button id="fit" type="button">Fit</button></fieldset>
</header>
<main id="map" tabindex="0" aria-label="Map of the screens">
<div id="sheet" style="width:${layout.width}px;height:${layout.height}px">
${[...layout.flows].map(([flow, box]) => `<section class="flow" style="${place(box)}"><h2>${escaped(flow)}</h2></section>`).join('\n')}
<svg width="${layout.width}" height="${layout.height}" aria-hidden="true">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L8 4L0 8" style="fill:context-stroke;stroke:none"/></marker></defs>
${drawn.flatMap((screen) => arrows(screen, layout)).join('\n')}
</svg>
${cards.join('\n')}
</div>
</main>
<aside id="side" aria-live="polite">
${introduction(problems)}
</aside>
<script type="application/json" id="data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>
<script>${SCRIPT}</script>
</body>
</html>
`
}

function usedStarts(drawn: readonly Drawn[]): readonly ScreenId[] {
  return drawn.flatMap(({ kind, ways }) => (kind === 'use' && ways[0]?.to != null ? [ways[0].to] : []))
}

/** Sizes of a card's parts in pixels, as in the style sheet. */
const CARD = { width: 234, heading: 32, line: 16, frame: 20, meter: 24, way: 20, foot: 10 }
const COLUMNS = 26

/** Large enough for the longest text of any language, so that nothing moves when another one is shown. */
function cardSize({ id, ways }: Drawn, pictures: ReturnType<typeof picturesOf>): { width: number; height: number } {
  const shown = Object.values(pictures).flatMap((all) => {
    const { example, longest } = all[id] ?? { example: null, longest: null }
    return example === null ? [] : [example, ...(longest === null ? [] : [longest])]
  })
  const lines = Math.max(0, ...shown.map(({ text }) => linesOnPhone(text)))
  const phone = lines === 0 ? 0 : lines * CARD.line + CARD.frame + CARD.meter
  return { width: CARD.width, height: CARD.heading + phone + ways.length * CARD.way + CARD.foot }
}

function linesOnPhone(text: string): number {
  let lines = 0
  for (const line of text.split('\n')) {
    let column = 0
    lines += 1
    for (const word of line.split(/(?<=\s)/)) {
      const length = word.trimEnd().length
      if (column > 0 && column + length > COLUMNS) {
        lines += 1
        column = 0
      }
      lines += Math.max(0, Math.ceil(length / COLUMNS) - 1)
      column = length > COLUMNS ? length % COLUMNS : column + word.length
    }
  }
  return lines
}

function card(screen: Drawn, layout: Layout, pictures: Pictures | undefined): string {
  const { id, flow, kind, visible, reached, long, ways } = screen
  const box = layout.screens.get(id)
  if (box === undefined) return ''
  const classes = ['card', kind, visible ? '' : 'unseen', reached ? '' : 'unreached', long ? 'long' : '']
  const name = id.slice(flow.length + 1)
  const items = ways.map((way) => {
    const where = destination(way, flow)
    return `<li class="${way.go === 'end' ? 'ends' : ''}" title="${escaped(`${way.label} → ${where}`)}"><span>${escaped(way.label)}</span><em>${escaped(where)}</em></li>`
  })
  const phone = pictures?.example ? phoneOf(pictures.example, long, ways.length, box.height) : ''
  return `<article class="${classes.filter((each) => each !== '').join(' ')}" style="${place(box)}" data-id="${escaped(id)}" role="button" tabindex="0" aria-pressed="false" aria-label="${escaped(sentence(screen))}"><h3><span title="${escaped(id)}">${escaped(name)}</span><span class="kind">${kind}</span></h3>${phone}<ul class="ways">${items.join('')}</ul></article>`
}

function phoneOf({ text, units, limit }: Picture, long: boolean, ways: number, height: number): string {
  const frame = height - CARD.heading - CARD.meter - ways * CARD.way - CARD.foot
  const full = Math.min(100, Math.round((100 * units) / limit))
  return `<pre class="phone" style="height:${frame}px">${escaped(text)}</pre><div class="meter" style="--full:${full}%"${long ? ' title="In some language its longest form is too long"' : ''}><i></i><span>${units} of ${limit}</span></div>`
}

function destination({ go, to }: DrawnWay, flow: string): string {
  if (to === null) return { again: '↺ again', home: '⌂ home', return: '↩ return', end: '■ end' }[go] ?? go
  return to.startsWith(`${flow}.`) ? to.slice(flow.length + 1) : to
}

function sentence({ id, kind, visible, reached, long, ways }: Drawn): string {
  const traits = [
    visible ? `A screen of the kind ${kind}` : `Not shown: ${kind}`,
    `${ways.length} ${ways.length === 1 ? 'way' : 'ways'} on`,
    ...(reached ? [] : ['nobody ever sees it']),
    ...(long ? ['too long in some language'] : []),
  ]
  return `${id}. ${traits.join(', ')}.`
}

/** Each way that leads to a screen, from its line on the card to the other card's left side. */
function arrows({ id, flow, ways }: Drawn, layout: Layout): readonly string[] {
  const from = layout.screens.get(id)
  return ways.flatMap(({ to }, index) => {
    const target = to === null || to === id ? undefined : layout.screens.get(to)
    if (from === undefined || target === undefined || to === null) return []
    const [x, y] = [from.x + from.width, from.y + from.height - CARD.foot + 2 - (ways.length - index - 0.5) * CARD.way]
    const [toX, toY] = [target.x - 1, target.y + CARD.heading / 2]
    const manner = !to.startsWith(`${flow}.`) ? 'across' : toX <= x ? 'backward' : 'forward'
    const bend = manner === 'forward' ? Math.max(36, (toX - x) / 2) : 70
    const curve = `M${x} ${y}C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}`
    return [
      `<path class="${manner}" d="${curve}" data-from="${escaped(id)}" data-to="${escaped(to)}" marker-end="url(#tip)"/>`,
    ]
  })
}

function screensFor({ words }: Draft, drawn: readonly Drawn[]): object {
  const said = (key: string): object =>
    Object.fromEntries(Object.entries(words).flatMap(([code, texts]) => (key in texts ? [[code, texts[key]]] : [])))
  return Object.fromEntries(
    drawn.map((screen) => {
      const ways = screen.ways.map((way) => ({ ...way, say: way.say === null ? null : said(way.say) }))
      return [screen.id, { sentence: sentence(screen), ways }]
    }),
  )
}

function introduction(problems: readonly Problem[]): string {
  const found = problems.map(({ file, line, code, message }) => {
    const [first = '', ...rest] = message.split('\n')
    const quoted = rest.length === 0 ? '' : `<pre>${escaped(rest.join('\n'))}</pre>`
    return `<li><span class="code">${code}</span> ${escaped(`${file}:${line}: ${first}`)}${quoted}</li>`
  })
  return `<h2>How to read it</h2>
<p>Each card is a screen with what the handset shows, how full it is, and the ways on. Dashed cards are never shown. Choose one to see its ways: blue leads on, green leads here.</p>
<dl><dt>/</dt><dd>search, Enter for the next</dd><dt>+ − 0</dt><dd>size; also Ctrl and the wheel</dd><dt>drag</dt><dd>moves the map</dd><dt>Tab, Enter</dt><dd>choose a screen</dd><dt>Esc</dt><dd>back to this page</dd></dl>
<h3>What the compiler says</h3>
${found.length === 0 ? '<p>Nothing is wrong.</p>' : `<ul>${found.join('')}</ul>`}`
}

function place({ x, y, width, height }: Box): string {
  return `left:${x}px;top:${y}px;width:${width}px;height:${height}px`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
