import type { ServerResponse } from 'node:http'

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Request timeout',
  413: 'Body too large',
  415: 'Unsupported media type',
  503: 'Unavailable',
}

/** Answers with problem details (RFC 9457); `detail` is a sentence for the caller and holds nothing of ours. */
export function sendProblem(response: ServerResponse, status: number, detail?: string): void {
  if (response.headersSent) return void response.destroy()
  const body = JSON.stringify({ title: titles[status] ?? 'Error', status, ...(detail === undefined ? {} : { detail }) })
  response.writeHead(status, { 'Content-Type': 'application/problem+json', 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}
