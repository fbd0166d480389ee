import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A gateway and a fake network for tests of the phone alone: it answers what it is told and keeps what was posted. */
export type PhoneStub = {
  readonly url: string
  /** What was posted to `/africastalking/demo/<callback>`, in order. */
  posted(callback: 'ussd' | 'ussd-end'): Record<string, string>[]
  /** Sends a message to whoever follows a phone. */
  sendSms(message: { at: string; from: string; to: string; text: string }): void
  close(): Promise<void>
}

/** `answer` gives the body for a callback's form; a number is an HTTP status with no body. */
export async function startPhoneStub(
  answer: (form: Record<string, string>, earlier: number) => string | number,
): Promise<PhoneStub> {
  const posts: { callback: string; form: Record<string, string> }[] = []
  const followers = new Set<ServerResponse>()

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stub')
    if (url.pathname.startsWith('/phones/')) {
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).flushHeaders()
      followers.add(response)
      response.on('close', () => followers.delete(response))
      return
    }
    const callback = url.pathname.replace('/africastalking/demo/', '')
    const form = Object.fromEntries(new URLSearchParams(await text(request)))
    const earlier = posts.filter((post) => post.callback === callback).length
    posts.push({ callback, form })
    const reply = callback === 'ussd' ? answer(form, earlier) : 'OK'
    if (typeof reply === 'number') response.writeHead(reply).end()
    else response.writeHead(200, { 'content-type': 'text/plain' }).end(reply)
  }

  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posted: (callback) => posts.filter((post) => post.callback === callback).map(({ form }) => form),
    sendSms: (message) => {
      for (const follower of followers) follower.write(`${JSON.stringify(message)}\n`)
    },
    close: () => closeServer(server),
  }
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => void server.close(() => resolve()))
}
