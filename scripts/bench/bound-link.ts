import { openSmppLink, type SmppLink } from '../../src/aggregators/smpp/link.ts'
import { standardProfile } from '../../src/aggregators/smpp/profiles.ts'
import { defaultTimings } from '../../src/aggregators/smpp/settings.ts'
import type { LinkListeners } from '../../src/aggregators/sms-link.ts'
import { Secret } from '../../src/domain/secret.ts'

/** A link to the benchmarks' peer, once it is bound. Nobody else sends on it, so nothing is too long in its queue. */
export async function openBoundLink(port: number, window: number, listeners: LinkListeners): Promise<SmppLink> {
  let bound = (): void => undefined
  const up = new Promise<void>((resolve) => {
    bound = resolve
  })
  const link = openSmppLink(
    {
      ...{ name: 'bench', host: '127.0.0.1', port, tls: null, systemId: 'demo', password: new Secret('demo') },
      ...{
        bind: 'transceiver',
        binds: 1,
        window,
        tps: 0,
        prefixes: [],
        from: null,
        cost: null,
        profile: standardProfile,
      },
      timings: { ...defaultTimings, maxWaitMs: 60_000 },
    },
    { ...listeners, onState: (state) => state.up && bound() },
  )
  await up
  return link
}
