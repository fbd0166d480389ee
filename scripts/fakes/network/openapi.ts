import { behaviourFields, type Field } from './behaviour.ts'
import { SPOKEN } from './ussd-octets.ts'

type Schema = Readonly<Record<string, unknown>>

/** What `GET /` tells: an OpenAPI 3.1 description of the HTTP side, the behaviour's fields included. */
export function describeHttp(smppPort: number): Schema {
  const problem = {
    description: 'nothing was done; `problem` says why',
    content: json({ $ref: '#/components/schemas/Problem' }),
  }
  const does = (summary: string, answer: Schema, body?: Schema, parameters?: readonly Schema[]): Schema => ({
    summary,
    ...(parameters === undefined ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(body) } }),
    responses: { 200: { description: 'done', content: json(answer) }, ...(body === undefined ? {} : { 400: problem }) },
  })
  const object: Schema = { type: 'object' }
  const list: Schema = { type: 'array', items: object }
  const number = { name: 'number', in: 'path', required: true, schema: { type: 'string', examples: ['+254700000001'] } }
  const follow = { name: 'follow', in: 'query', allowEmptyValue: true, schema: { type: 'string' } }
  const behaviour = { $ref: '#/components/schemas/Behaviour' }
  const texts = { type: 'array', items: { type: 'string' } }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fake mobile network',
      version: '1',
      description: `An SMSC on port ${smppPort} (SMPP 3.4), Africa's Talking's messaging API, and everybody's phones. Steered here.`,
    },
    paths: {
      '/control': {
        get: does('How the network behaves now', behaviour),
        post: does('Changes some of that; {} changes nothing', behaviour, behaviour),
      },
      '/control/calm': { post: does('Back to ordinary behaviour', behaviour) },
      '/stats': { get: does('Submits, refusals, latency and the most outstanding, by account', object) },
      '/stats/forget': { post: does('Counts anew', object) },
      '/links': { get: does('What is bound', list) },
      '/links/drop': { post: does('Breaks every connection without a word', object) },
      '/links/unbind': { post: does('Unbinds every client', object) },
      '/links/octets': {
        post: does('Writes octets, malformed ones too, to every client', object, {
          ...object,
          properties: { hex: { type: 'string', examples: ['00000010000077770000000000000001'] } },
          required: ['hex'],
        }),
      },
      '/phones/{number}/messages': {
        get: does('What lies in a phone; with `follow` one JSON object a line as they arrive', list, undefined, [
          number,
          follow,
        ]),
        post: does(
          'A message from a phone, over SMPP or Africa’s Talking; 503 where nobody listens',
          object,
          {
            ...object,
            properties: {
              to: { type: 'string' },
              text: { type: 'string' },
              via: { type: 'string', enum: ['smpp', 'africastalking'] },
            },
            required: ['to', 'text'],
          },
          [number],
        ),
      },
      '/phones/{number}/ussd': {
        get: does('The screens pushed to a phone from now on, one JSON object a line', list, undefined, [number]),
      },
      '/ussd': {
        post: does('A phone dials, answers or hangs up over SMPP; tells what it shows then', object, {
          ...object,
          properties: {
            from: { type: 'string', examples: ['+254700000001'] },
            dial: { type: 'string', examples: ['*384#'] },
            dialect: { type: 'string', enum: Object.keys(SPOKEN) },
            answer: { type: 'string' },
            do: { type: 'string', enum: ['hangup', 'timeout', 'repeat'] },
            refuse: { type: ['string', 'null'], description: 'the status that every screen is refused with' },
          },
        }),
      },
      '/load': {
        get: does('What the running load has done', object),
        post: does('Begins messages or dialogues of many phones', object, {
          ...object,
          properties: {
            kind: { type: 'string', enum: ['sms', 'ussd'], default: 'sms' },
            perSecond: { type: 'number', default: 10 },
            seconds: { type: 'number', default: 10 },
            to: { type: 'string', default: '22384' },
            texts,
            prefix: { type: 'string', default: '+2547' },
          },
        }),
      },
      '/load/stop': { post: does('Ends it', object) },
      '/airtime': { get: does('Airtime that was asked for, and what became of it', list) },
      '/version1/airtime/send': {
        post: { summary: 'Africa’s Talking’s own interface', responses: { 201: { description: 'as theirs' } } },
      },
      '/query/transaction/find': {
        get: { summary: 'Africa’s Talking’s own interface', responses: { 200: { description: 'as theirs' } } },
      },
      '/version1/messaging': {
        post: { summary: 'Africa’s Talking’s own interface', responses: { 201: { description: 'as theirs' } } },
      },
    },
    components: {
      schemas: {
        Behaviour: {
          ...object,
          additionalProperties: false,
          properties: Object.fromEntries(
            Object.entries(behaviourFields).map(([name, field]) => [name, schemaOf(field)]),
          ),
        },
        Problem: { ...object, properties: { problem: { type: 'string' } } },
      },
    },
  }
}

function json(schema: Schema): Schema {
  return { 'application/json': { schema } }
}

function schemaOf(field: Field<unknown>): Schema {
  const common = { description: field.meaning, default: field.ordinary }
  switch (field.kind) {
    case 'flag':
      return { type: 'boolean', ...common }
    case 'share':
      return { type: 'number', minimum: 0, maximum: 1, ...common }
    case 'count':
      return { type: 'integer', minimum: 0, maximum: field.most, ...common }
    case 'word':
      return { type: 'string', ...common }
    case 'status':
      return { type: ['string', 'null'], ...common }
    case 'choice':
      return { type: 'string', enum: field.choices, ...common }
  }
}
