import { inject } from 'vitest'
import { createDatabase, type OwnDatabase } from '../../scripts/dialogues/database.ts'

export type TestDatabase = OwnDatabase

/** A database of the caller's own with today's schema and no rows; call `drop` afterwards. */
export function createTestDatabase(): Promise<TestDatabase> {
  const [adminUrl, ownerUrl, databaseUrl] = [inject('adminUrl'), inject('ownerUrl'), inject('databaseUrl')]
  return createDatabase({ adminUrl, ownerUrl, databaseUrl, template: inject('template') })
}
