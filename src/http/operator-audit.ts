import express, { type Express } from 'express'
import type { Database } from '../database/database.ts'
import { keepCosignatures } from '../security/audit-log/cosignatures.ts'
import type { NoteKey } from '../security/audit-log/note.ts'
import { type AuditLag, readCheckpoint, readNewestNote, readResource } from '../security/audit-log/stored.ts'
import { parseTilePath } from '../security/audit-log/tiles.ts'
import { sendProblem } from './problem.ts'

export type AuditLog = { readonly database: Database; readonly witnesses: readonly NoteKey[] }

/** More than sixty signatures. */
const MOST_BYTES = 16_384
/** A tile never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable'
/** What the log says when it is behind by as much. */
const LATE_S = 60

/**
 * The log as C2SP tlog-tiles serves it: `GET /audit/checkpoint`, `/audit/tile/<level>/<index>[.p/<width>]`, `/audit/tile/entries/…`. `POST
 * /audit/cosignature` takes a checkpoint with lines of witnesses that the settings name. Nobody's number or name is in any of it.
 */
export function addAuditRoutes(app: Express, { database, witnesses }: AuditLog): void {
  app.get('/audit/checkpoint', async (_request, response) => {
    const newest = await readNewestNote(database)
    const note = newest === null ? null : await readCheckpoint(database, newest.size)
    if (note === null) return sendProblem(response, 404, 'Nothing was put on record yet.')
    response.setHeader('Cache-Control', 'no-store')
    return void response.type('text/plain; charset=utf-8').send(note)
  })
  app.get('/audit/tile/*path', async (request, response) => {
    const path = parseTilePath(request.path.slice('/audit/'.length))
    const newest = path === null ? null : await readNewestNote(database)
    const bytes = path === null || newest === null ? null : await readResource(database, path, newest.size)
    if (bytes === null) return sendProblem(response, 404, 'The log has no such tile.')
    response.setHeader('Cache-Control', FOR_EVER)
    return void response.type('application/octet-stream').send(bytes)
  })
  app.post('/audit/cosignature', express.text({ type: () => true, limit: MOST_BYTES }), async (request, response) => {
    const body: unknown = request.body
    const outcome = typeof body === 'string' ? await keepCosignatures(database, witnesses, body) : 'unknown'
    switch (outcome) {
      case 'stored':
        return void response.status(204).end()
      case 'unknown':
        return sendProblem(response, 404, 'This is no checkpoint of this log.')
      case 'foreign':
        return sendProblem(response, 403, 'No witness that AUDIT_WITNESSES names has cosigned this.')
    }
  })
}

/** `12345 leaves`, and what waits. */
export function describeAudit({ leaves, waiting, oldestS }: AuditLag): string {
  if (waiting === 0) return `${leaves} leaves, none wait`
  const late = oldestS > LATE_S ? '; LATE: is a worker running? npm run audit -- verify says more' : ''
  return `${leaves} leaves, ${waiting} wait (oldest ${Math.round(oldestS)} s)${late}`
}
