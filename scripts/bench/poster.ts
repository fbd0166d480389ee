import { connect, type Socket } from 'node:net'

/** Form posts over kept-alive connections, one request at a time on each; resolves with the body of the answer. */
export type Poster = {
  readonly post: (path: string, form: Readonly<Record<string, string>>) => Promise<string>
  readonly close: () => void
}

/**
 * Much lighter than `node:http`, so that on a small machine the generator leaves the cores to what it measures. Understands answers with
 * a Content-Length, which both servers send.
 */
export function openPoster(baseUrl: string): Poster {
  const { hostname, port } = new URL(baseUrl)
  const idle: Line[] = []
  return {
    async post(path, form) {
      let line = idle.pop()
      // A server closes what was idle for long.
      while (line?.isOpen() === false) line = idle.pop()
      line ??= openLine(hostname, Number(port))
      const body = encode(form)
      const answer = await line.ask(
        `POST ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
          `Content-Length: ${body.length}\r\n\r\n${body}`,
      )
      idle.push(line)
      if (answer.status !== '200') throw new Error(`${path} answered ${answer.status}: ${answer.body}`)
      return answer.body
    },
    close: () => {
      for (const line of idle.splice(0)) line.close()
    },
  }
}

/** Cheaper than URLSearchParams, and the same bytes for what the benchmarks post. */
function encode(form: Readonly<Record<string, string>>): string {
  let body = ''
  for (const name in form) body += `${body && '&'}${name}=${encodeURIComponent(form[name] ?? '')}`
  return body
}

type Answer = { readonly status: string; readonly body: string }
type Line = {
  readonly ask: (request: string) => Promise<Answer>
  readonly isOpen: () => boolean
  readonly close: () => void
}

function openLine(host: string, port: number): Line {
  const socket: Socket = connect({ host, port, noDelay: true })
  let received = ''
  let waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null
  const fail = (error: Error): void => waiting?.reject(error)
  // Bytes as characters, so that Content-Length counts them; the body becomes text once it is whole.
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    received += chunk
    const headEnd = received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received)?.[1])
    if (!(received.length >= headEnd + 4 + length)) return
    const body = Buffer.from(received.slice(headEnd + 4), 'latin1').toString('utf8')
    const answer = { status: received.slice(9, 12), body }
    received = ''
    waiting?.resolve(answer)
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed the connection')))
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(request)
      }),
    isOpen: () => socket.readyState === 'open' || socket.readyState === 'opening',
    close: () => socket.destroy(),
  }
}
