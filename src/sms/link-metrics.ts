import type { Metrics } from '../telemetry/metrics.ts'
import type { LinkControl } from './link-control.ts'

/** Registers what `/metrics` shows of each link now: its mode, binds, windows, and what waits. */
export function watchLinks({ watched }: Pick<Metrics, 'watched'>, control: Pick<LinkControl, 'list'>): void {
  watched('smpp_link_mode', '1 for what is wanted of the link: active, suspended or drained', ['link', 'mode'], () =>
    control.list().map(({ name, mode }) => [{ link: name, mode }, 1] as const),
  )
  watched('smpp_binds', 'Connections of the link, by what they are doing', ['link', 'state'], () =>
    statuses().flatMap(({ link, status }) => {
      const counts = new Map<string, number>()
      for (const { state } of status.binds) counts.set(state, (counts.get(state) ?? 0) + 1)
      return [...counts].map(([state, count]) => [{ link, state }, count] as const)
    }),
  )
  watched('smpp_window_used', 'Submits without an answer, over all binds', ['link'], () =>
    statuses().map(({ link, status }) => [{ link }, inFlightOf(status.binds)] as const),
  )
  watched('smpp_window_size', 'Submits that may be without an answer, over all binds', ['link'], () =>
    statuses().map(({ link, status }) => [{ link }, status.window * status.binds.length] as const),
  )
  watched('smpp_waiting', 'Submits that wait for their turn', ['link', 'priority'], () =>
    statuses().flatMap(({ link, status }) =>
      Object.entries(status.waiting).map(([priority, count]) => [{ link, priority }, count] as const),
    ),
  )

  function statuses() {
    return control.list().flatMap(({ name, status }) => (status === null ? [] : [{ link: name, status }]))
  }
}

function inFlightOf(binds: readonly { readonly inFlight: number }[]): number {
  return binds.reduce((sum, { inFlight }) => sum + inFlight, 0)
}
