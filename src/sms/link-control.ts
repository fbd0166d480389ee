import type { LinkMode, LinkStatus, SmsLink } from '../aggregators/sms-link.ts'
import type { Queryable } from '../database/database.ts'
import { startRounds } from '../domain/rounds.ts'
import type { Events } from '../telemetry/events.ts'

/** A link by name: what is wanted of it, by whom, and how it is in this process (null where this process has no such link). */
export type ControlledLink = {
  readonly name: string
  readonly mode: LinkMode
  readonly by: string | null
  readonly up: boolean | null
  readonly status: LinkStatus | null
}

export type LinkControl = {
  /** What messages are routed over: links that shall not send are never up. */
  readonly links: readonly SmsLink[]
  /** As far as this process knows; `refresh` before to know all. */
  list(): readonly ControlledLink[]
  /** Stores what is wanted of a link, for every process, and does it in this one. False: there is no such link. */
  order(link: string, mode: LinkMode, by: string): Promise<boolean>
  /** Brings this process up to date with what is stored. */
  refresh(): Promise<void>
  close(): Promise<void>
}

export type LinkControlOptions = {
  readonly database: Queryable
  readonly links: readonly SmsLink[]
  /** All that the settings name, also where this process does not send. */
  readonly names: readonly string[]
  readonly events: Pick<Events, 'linkOrdered' | 'linkOrdersNotRead'>
  readonly refreshEveryMs?: number
}

type Order = { link: string; mode: LinkMode; by: string }

const REFRESH_EVERY_MS = 1_000

/** Keeps links as operators want them. Wishes are rows of `sms_link_order`, so they outlive processes and hold for all of them. */
export function startLinkControl(options: LinkControlOptions): LinkControl {
  const { database, events, refreshEveryMs = REFRESH_EVERY_MS } = options
  const orders = new Map<string, Order>()
  const modeOf = (name: string): LinkMode => orders.get(name)?.mode ?? 'active'
  const refreshes = startRounds(refresh, {
    everyMs: refreshEveryMs,
    onFailure: (error) => events.linkOrdersNotRead({ error }),
  })

  async function refresh(): Promise<void> {
    for (const order of await readOrders(database)) {
      const { link: name, mode, by } = order
      const isNew = modeOf(name) !== mode
      orders.set(name, order)
      if (!isNew) continue
      options.links.find((link) => link.name === name)?.setMode?.(mode)
      events.linkOrdered({ link: name, mode, by })
    }
  }

  const links = options.links.map(
    (link): SmsLink => ({ ...link, isUp: () => modeOf(link.name) === 'active' && link.isUp() }),
  )

  return {
    links,
    list: () =>
      options.names.map((name) => {
        const link = links.find((each) => each.name === name)
        return {
          ...{ name, mode: modeOf(name), by: orders.get(name)?.by ?? null },
          ...{ up: link?.isUp() ?? null, status: link?.status?.() ?? null },
        }
      }),
    async order(link, mode, by) {
      if (!options.names.includes(link)) return false
      await database.query({
        name: 'sms-link-order',
        text: 'INSERT INTO sms_link_order (link, mode, by) VALUES ($1, $2, $3)',
        values: [link, mode, by],
      })
      await refresh()
      return true
    },
    refresh,
    close: refreshes.close,
  }
}

async function readOrders(database: Queryable): Promise<readonly Order[]> {
  const { rows } = await database.query<Order>({
    name: 'sms-link-orders',
    text: 'SELECT DISTINCT ON (link) link, mode, by FROM sms_link_order ORDER BY link, id DESC',
  })
  return rows
}
