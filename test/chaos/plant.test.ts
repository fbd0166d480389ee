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
    // PL/pgSQL looks for what it calls when it runs, and a run in which it fails finds something else than the fault.
    const called = (mutant.functions ?? []).flatMap(({ replace }) => replace.match(/\bledger_\w+(?=\()/g) ?? [])
    const { rows } = await tx.query<{ name: string }>(
      'SELECT name FROM unnest($1::text[]) AS called (name) WHERE NOT EXISTS (SELECT FROM pg_proc WHERE proname = name)',
      [called],
    )
    expect(rows).toEqual([])
    throw ROLLED_BACK
  })
  await expect(planted).rejects.toBe(ROLLED_BACK)
  expect((await changedFiles(mutant)).size).toBe(new Set(mutant.files?.map(({ path }) => path)).size)
})
