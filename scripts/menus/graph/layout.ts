import type { ScreenId } from '../../../src/menu/program.ts'
import type { Drawn } from './model.ts'

/** In CSS pixels. */
export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

export type Layout = {
  readonly width: number
  readonly height: number
  /** A band for each flow, one under another. */
  readonly flows: ReadonlyMap<string, Box>
  readonly screens: ReadonlyMap<ScreenId, Box>
}

const MARGIN = 28
const HEADING = 34
const GAP_ACROSS = 96
const GAP_DOWN = 26

/**
 * Screens in layers from left to right, by the fewest steps from where their flow is entered, and in each layer near the screens that lead to
 * them. `sizeOf`: how large a screen is drawn.
 */
export function layOut(
  drawn: readonly Drawn[],
  starts: ReadonlySet<ScreenId>,
  sizeOf: (screen: Drawn) => { width: number; height: number },
): Layout {
  const flows = new Map<string, Box>()
  const screens = new Map<ScreenId, Box>()
  let [top, right] = [MARGIN, 0]
  for (const flow of new Set(drawn.map((each) => each.flow))) {
    const own = drawn.filter((each) => each.flow === flow)
    let [x, bottom] = [MARGIN * 2, top + HEADING]
    for (const layer of layersOf(own, starts)) {
      let y = top + HEADING
      let widest = 0
      for (const screen of layer) {
        const { width, height } = sizeOf(screen)
        screens.set(screen.id, { x, y, width, height })
        y += height + GAP_DOWN
        widest = Math.max(widest, width)
      }
      bottom = Math.max(bottom, y - GAP_DOWN)
      x += widest + GAP_ACROSS
    }
    const band = { x: MARGIN, y: top, width: x - GAP_ACROSS, height: bottom - top + MARGIN }
    flows.set(flow, band)
    right = Math.max(right, band.x + band.width)
    top += band.height + MARGIN
  }
  return { width: right + MARGIN, height: top, flows, screens }
}

/** The screens of one flow by their distance from its starts; those that nothing in the flow leads to come last. */
function layersOf(own: readonly Drawn[], starts: ReadonlySet<ScreenId>): readonly (readonly Drawn[])[] {
  const byId = new Map(own.map((each) => [each.id, each]))
  const layers: Drawn[][] = []
  const placed = new Set<ScreenId>()
  const spread = (from: readonly Drawn[]): void => {
    for (let layer = from; layer.length > 0; layer = nextLayer(layer, byId, placed)) {
      layers.push([...layer])
      for (const { id } of layer) placed.add(id)
    }
  }
  spread(own.filter(({ id }) => starts.has(id)))
  for (let left = unplaced(own, placed); left.length > 0; left = unplaced(own, placed)) {
    const led = new Set(left.flatMap(({ ways }) => ways.map(({ to }) => to)))
    const first = left.filter(({ id }) => !led.has(id))
    spread(first.length > 0 ? first : left.slice(0, 1))
  }
  return layers
}

function unplaced(own: readonly Drawn[], placed: ReadonlySet<ScreenId>): readonly Drawn[] {
  return own.filter(({ id }) => !placed.has(id))
}

/** The screens that `layer` leads to and that have no place yet, in the order of the ways that lead there. */
function nextLayer(
  layer: readonly Drawn[],
  byId: ReadonlyMap<ScreenId, Drawn>,
  placed: ReadonlySet<ScreenId>,
): readonly Drawn[] {
  const current = new Set(layer.map(({ id }) => id))
  const targets = new Set(layer.flatMap(({ ways }) => ways.flatMap(({ to }) => (to === null ? [] : [to]))))
  return [...targets].flatMap((id) => {
    const screen = byId.get(id)
    return screen === undefined || placed.has(id) || current.has(id) ? [] : [screen]
  })
}
