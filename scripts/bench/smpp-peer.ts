import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from '../fakes/listen.ts'

/**
 * The SMSC that `bench smpp` and `bench sms` submit to: answers binds, submits and enquiries, and sends a receipt in text for each submit, with as
 * little work as can be, so that what is measured is the client. Takes as arguments the pause before each answer in milliseconds; prints
 * its port. It knows the layout of the PDUs it needs and nothing else (SMPP 3.4 §4).
 */
const delayMs = Number(process.argv[2] ?? 0)
const RESPONSE = 0x80000000
const [SUBMIT, DELIVER, UNBIND, ENQUIRE, BINDS] = [0x04, 0x05, 0x06, 0x15, [0x01, 0x02, 0x09]]
/** What a client could not take comes again after that long. */
const AGAIN_MS = 20
let ids = Date.now()

const server = createServer((socket) => {
  let rest: Buffer = Buffer.alloc(0)
  let sequence = 0
  /** Receipts without an answer, since a client may ask for them later. */
  const unacknowledged = new Map<number, Buffer>()
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const answers: Buffer[] = []
    let at = 0
    while (rest.length - at >= 16 && rest.length - at >= rest.readUInt32BE(at)) {
      const length = rest.readUInt32BE(at)
      const command = rest.readUInt32BE(at + 4)
      const number = rest.readUInt32BE(at + 12)
      if (BINDS.includes(command)) answers.push(pdu(command + RESPONSE, number, 'peer\0'))
      else if (command === SUBMIT) {
        ids += 1
        sequence = (sequence % 0x7fffffff) + 1
        const id = ids.toString(16)
        const told = receipt(rest.subarray(at, at + length), id, sequence)
        unacknowledged.set(sequence, told)
        answers.push(pdu(SUBMIT + RESPONSE, number, `${id}\0`), told)
      } else if (command === DELIVER + RESPONSE) {
        const told = unacknowledged.get(number)
        if (rest.readUInt32BE(at + 8) === 0) unacknowledged.delete(number)
        else if (told !== undefined) setTimeout(() => socket.writable && socket.write(told), AGAIN_MS)
      } else if (command === ENQUIRE || command === UNBIND) answers.push(pdu(command + RESPONSE, number, ''))
      at += length
    }
    rest = rest.subarray(at)
    if (answers.length > 0) void say(socket, Buffer.concat(answers))
  })
})
process.stdout.write(`${await listen(server, 0, '127.0.0.1')}\n`)

async function say(socket: Socket, octets: Buffer): Promise<void> {
  if (delayMs > 0) await sleep(delayMs)
  if (socket.writable) socket.write(octets)
}

function pdu(command: number, sequence: number, body: string | Buffer): Buffer {
  const octets = Buffer.allocUnsafe(16 + body.length)
  octets.writeUInt32BE(octets.length, 0)
  octets.writeUInt32BE(command, 4)
  octets.writeUInt32BE(0, 8)
  octets.writeUInt32BE(sequence, 12)
  if (typeof body === 'string') octets.write(body, 16, 'latin1')
  else body.copy(octets, 16)
  return octets
}

/** From the phone that was written to, to the sender, whose addresses stand after service_type. */
function receipt(submit: Buffer, id: string, sequence: number): Buffer {
  const sourceAt = submit.indexOf(0, 16) + 3
  const sourceEnd = submit.indexOf(0, sourceAt)
  const destinationAt = sourceEnd + 3
  const destinationEnd = submit.indexOf(0, destinationAt)
  const text = `id:${id} sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 stat:DELIVRD err:000 text:`
  const destination = submit.toString('latin1', destinationAt, destinationEnd)
  const source = submit.toString('latin1', sourceAt, sourceEnd)
  const addresses = `\0\x01\x01${destination}\0\0\0${source}\0`
  return pdu(DELIVER, sequence, `${addresses}\x04\0\0\0\0\0\0\0\0${String.fromCharCode(text.length)}${text}`)
}
