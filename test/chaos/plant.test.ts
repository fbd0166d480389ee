import { afterAll, beforeAll, expect, test } from 'vitest'
import { mutants } from '../../scripts/chaos/mutants.ts'
import { changedFiles, plantInDatabase } from '../../scripts/chaos/plant.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database?.drop())

const ROLLED_BACK = new Error('nothing of it stays')

/** Whoever changes what a mutant changes is told here, and not by a long run that finds nothing. */
test.each(mutants)('$name can be planted: $what', async (mutant) => {
  const planted = database.owner.transaction(async (tx) => {
    await plantInDatabase(mutant, tx)
    throw ROLLED_BACK
  })
  await expect(planted).rejects.toBe(ROLLED_BACK)
  expect((await changedFiles(mutant)).size).toBe(new Set(mutant.files?.map(({ path }) => path)).size)
})
