/** What the page does. Without it all screens are there to be read, in the base language with example values. */
export const SCRIPT: string = `
const data = JSON.parse(document.getElementById('data').textContent)
const find = (id) => document.getElementById(id)
const [map, sheet, side, search, language, manner] = ['map', 'sheet', 'side', 'search', 'language', 'manner'].map(find)
const cards = new Map([...document.querySelectorAll('.card')].map((card) => [card.dataset.id, card]))
const paths = [...document.querySelectorAll('path[data-from]')]
const start = side.innerHTML
let chosen = null
let zoom = 1

function show() {
  document.documentElement.lang = language.value
  for (const [id, card] of cards) {
    const phone = card.querySelector('.phone')
    const pictures = data.pictures[language.value][id]
    const picture = pictures[manner.value] ?? pictures.example ?? pictures.longest
    if (phone && picture) phone.textContent = picture.text
    const meter = card.querySelector('.meter')
    if (meter && picture) {
      const over = picture.units > picture.limit
      meter.classList.toggle('over', over)
      meter.querySelector('span').textContent =
        picture.units + ' of ' + picture.limit + (picture.encoding === 'gsm7' ? '' : ' UCS-2') + (over ? ', too long' : '')
      meter.style.setProperty('--full', Math.min(100, (100 * picture.units) / picture.limit) + '%')
    }
  }
  if (chosen) describe(chosen)
}

function scaleTo(next, x = map.clientWidth / 2, y = map.clientHeight / 2) {
  const old = zoom
  zoom = Math.min(2, Math.max(0.1, next))
  sheet.style.transform = 'scale(' + zoom + ')'
  sheet.style.width = data.width * zoom + 'px'
  sheet.style.height = data.height * zoom + 'px'
  map.scrollLeft = ((map.scrollLeft + x) * zoom) / old - x
  map.scrollTop = ((map.scrollTop + y) * zoom) / old - y
  find('scale').textContent = Math.round(zoom * 100) + ' %'
}

function choose(id, move) {
  chosen = id
  document.body.classList.toggle('chosen-one', id !== null)
  const near = new Set()
  for (const path of paths) {
    const [out, into] = [path.dataset.from === id, path.dataset.to === id]
    path.classList.toggle('out', out)
    path.classList.toggle('in', into && !out)
    if (out) near.add(path.dataset.to)
    if (into) near.add(path.dataset.from)
  }
  for (const [each, card] of cards) {
    card.classList.toggle('chosen', each === id)
    card.classList.toggle('near', near.has(each))
    card.setAttribute('aria-pressed', String(each === id))
  }
  if (id === null) side.innerHTML = start
  else describe(id)
  if (move && id !== null) {
    const card = cards.get(id)
    map.scrollTo({
      left: (card.offsetLeft + card.offsetWidth / 2) * zoom - map.clientWidth / 2,
      top: (card.offsetTop + card.offsetHeight / 2) * zoom - map.clientHeight / 2,
    })
    card.focus({ preventScroll: true })
  }
}

function element(tag, text, className) {
  const made = document.createElement(tag)
  if (text !== undefined) made.textContent = text
  if (className) made.className = className
  return made
}

function link(id) {
  const button = element('button', id, 'link')
  button.type = 'button'
  button.dataset.go = id
  return button
}

function describe(id) {
  const screen = data.screens[id]
  const parts = [element('h2', id), element('p', screen.sentence)]
  for (const [name, manner] of [['Example', 'example'], ['At its longest', 'longest']]) {
    const picture = data.pictures[language.value][id][manner]
    if (!picture) continue
    const over = picture.units > picture.limit
    parts.push(element('h3', name + ': ' + picture.units + ' of ' + picture.limit, over ? 'over' : ''))
    parts.push(element('pre', picture.text, 'phone'))
  }
  const out = element('ul')
  for (const way of screen.ways) {
    const item = element('li', way.label + ' → ')
    item.append(way.to ? link(way.to) : way.go)
    if (way.say) item.append(element('q', way.say[language.value] ?? Object.values(way.say)[0]))
    out.append(item)
  }
  if (screen.ways.length > 0) parts.push(element('h3', 'Ways on'), out)
  const into = element('ul')
  for (const [from, other] of Object.entries(data.screens)) {
    for (const way of other.ways.filter((each) => each.to === id)) {
      const item = element('li')
      item.append(link(from), ' by ' + way.label)
      into.append(item)
    }
  }
  if (into.childElementCount > 0) parts.push(element('h3', 'Ways here'), into)
  side.replaceChildren(...parts)
}

let hits = []
let hit = 0
function look() {
  const wanted = search.value.trim().toLowerCase()
  hits = []
  for (const [id, card] of cards) {
    const words = Object.values(data.pictures).map((pictures) => pictures[id].example?.text ?? '').join(' ')
    const says = data.screens[id].ways.map((way) => way.label + ' ' + Object.values(way.say ?? {}).join(' ')).join(' ')
    const found = wanted !== '' && (id + ' ' + words + ' ' + says).toLowerCase().includes(wanted)
    card.classList.toggle('found', found)
    if (found) hits.push(id)
  }
  hit = 0
  find('hits').textContent = wanted === '' ? '' : hits.length + ' found'
}

search.addEventListener('input', look)
search.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || hits.length === 0) return
  choose(hits[hit % hits.length], true)
  search.focus()
  hit += 1
})
language.addEventListener('change', show)
manner.addEventListener('change', show)
find('larger').addEventListener('click', () => scaleTo(zoom * 1.25))
find('smaller').addEventListener('click', () => scaleTo(zoom / 1.25))
find('fit').addEventListener('click', () => scaleTo(Math.min(map.clientWidth / data.width, map.clientHeight / data.height)))
side.addEventListener('click', (event) => {
  const id = event.target.dataset?.go
  if (id) choose(id, true)
})

let drag = null
let dragged = false
map.addEventListener('pointerdown', (event) => {
  dragged = false
  if (event.button === 0) drag = { x: event.clientX, y: event.clientY, left: map.scrollLeft, top: map.scrollTop }
})
addEventListener('pointermove', (event) => {
  if (!drag) return
  const [x, y] = [event.clientX - drag.x, event.clientY - drag.y]
  if (!dragged && Math.abs(x) + Math.abs(y) < 6) return
  dragged = true
  map.classList.add('dragged')
  map.scrollTo(drag.left - x, drag.top - y)
})
addEventListener('pointerup', () => {
  drag = null
  map.classList.remove('dragged')
})
map.addEventListener('click', (event) => {
  if (dragged) return
  const card = event.target.closest('.card')
  choose(card ? card.dataset.id : null, false)
})
map.addEventListener(
  'wheel',
  (event) => {
    if (!event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    const frame = map.getBoundingClientRect()
    scaleTo(zoom * Math.exp(-event.deltaY / 300), event.clientX - frame.left, event.clientY - frame.top)
  },
  { passive: false },
)
addEventListener('keydown', (event) => {
  if (event.key === 'Escape') choose(null, false)
  if (event.target.matches('input, select')) return
  if (event.target.matches('.card') && (event.key === 'Enter' || event.key === ' ')) {
    event.preventDefault()
    choose(event.target.dataset.id, false)
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === '/') {
    event.preventDefault()
    search.focus()
  }
  if (event.key === '+') scaleTo(zoom * 1.25)
  if (event.key === '-') scaleTo(zoom / 1.25)
  if (event.key === '0') scaleTo(1)
})
show()
const asked = new URLSearchParams(location.hash.slice(1))
if (asked.has('zoom')) scaleTo(Number(asked.get('zoom')) || 1)
if (data.screens[asked.get('screen')]) choose(asked.get('screen'), true)
`
