import type { Request } from 'express'

/**
 * Orders come only from people on this machine, and from no page that a browser of theirs happens to show: browsers name where a POST
 * comes from. Null, or a sentence that begins with what is ordered about (`Links`).
 */
export function originRefusal(request: Request, what: string): string | null {
  const from = request.socket.remoteAddress ?? ''
  if (!/^(?:::ffff:)?127\.|^::1$/.test(from)) return `${what} are stopped and resumed from the machine itself.`
  return request.headers.origin === undefined ? null : `${what} are not stopped from a page.`
}
