import { inject } from 'vitest'
import type { Given } from '../../scripts/dialogues/file.ts'
import { makeWorlds, type World, type WorldOptions, type Worlds } from '../../scripts/dialogues/world.ts'
import { needsRedis } from './needs.ts'

needsRedis()

let worlds: Worlds | null = null

/** The demo's people and billers around a gateway of its own; those of one test file share what can be shared. */
export function openWorld(given: readonly Given[] = [], options: WorldOptions = {}): Promise<World> {
  worlds ??= makeWorlds({
    ...{ adminUrl: inject('adminUrl'), ownerUrl: inject('ownerUrl'), databaseUrl: inject('databaseUrl') },
    ...{ redisUrl: inject('redisUrl') ?? '', template: inject('template') },
  })
  return worlds.open(given, options)
}
