import { ASKS } from '../build/screen.ts'

/** A JSON Schema (draft 7), as far as it is used here. */
export type Schema = { readonly [key: string]: unknown }

/** What stands behind a key, and what an editor says of it. */
export type KeyText = { readonly says: string; readonly value: Schema }

const ref = (name: string): Schema => ({ $ref: `#/definitions/${name}` })
const text = ref('text')
const word: Schema = { type: 'string' }
const name = ref('name')
const target = ref('target')
const set = ref('set')
const values = ref('values')
const condition = ref('condition')
const listOf = (items: Schema): Schema => ({ type: 'array', items })
const whole = (minimum: number): Schema => ({ type: 'integer', minimum })

const day: Schema = { type: 'string', pattern: '^(\\d{4}-\\d{2}-\\d{2}|today([+-]\\d{1,5})?)$' }

/** Parts that several keys share. */
export const definitions: Readonly<Record<string, Schema>> = {
  name: { type: 'string', pattern: '^[a-z][a-z0-9_-]*$' },
  target: {
    type: 'string',
    description:
      'A screen of this flow, or again (this screen once more), home (where a dial begins), return (to the flow that uses this one).',
  },
  condition: {
    type: 'string',
    description:
      "Compares with == != < <= > >= in, and joins with and, or, not and brackets: me.status == 'active' and due > 0.",
  },
  set: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
  values: {
    type: 'object',
    description: '$name is the value of a variable; anything else stands for itself.',
    additionalProperties: { type: ['string', 'number', 'boolean'] },
  },
  bounds: {
    anyOf: [
      whole(0),
      { type: 'object', properties: { min: whole(0), max: whole(0) }, required: ['max'], additionalProperties: false },
    ],
  },
  dates: { type: 'object', properties: { min: day, max: day }, additionalProperties: false },
  money: { type: 'object', properties: { min: whole(0), max: whole(0) }, additionalProperties: false },
}

const screenId: Schema = { type: 'string', pattern: '^[a-z][a-z0-9_-]*\\.[a-z][a-z0-9_-]*$' }
const earlier: Schema = { type: 'string', pattern: '^[a-z][a-z0-9_-]*(\\.\\$?[a-z][a-z0-9_-]*)?$' }
const was: KeyText = {
  says: 'What it was called in earlier menus, so that its counts and shortcuts follow it; one name or more.',
  value: { anyOf: [earlier, listOf(earlier)] },
}

const spoken: Schema = { type: 'object', additionalProperties: listOf(word) }

/** By the table that a key is in, then by key; `*` holds for every kind of screen. */
export const keyTexts: Readonly<Record<string, Readonly<Record<string, KeyText>>>> = {
  keyword: {
    opens: {
      says: 'The screens that answer it, the best first; the first whose shortcut has all its values is dialled.',
      value: { anyOf: [screenId, listOf(screenId)] },
    },
    words: { says: 'What people write, by language; the first is the one that they are told.', value: spoken },
    names: { says: 'What people call each language, by its code.', value: spoken },
  },
  service: {
    start: { says: 'The flow in which a dial begins.', value: name },
    language: { says: 'The code of the base language, in which the flows are written.', value: word },
    name: { says: 'The base language’s own name.', value: word },
    limits: { says: 'What one screen can hold.', value: ref('limits') },
    navigation: {
      says: 'The keys that the engine handles on every screen, with their words in the footer.',
      value: ref('navigation'),
    },
    invalid: { says: 'What an answer that cannot be one leads to.', value: ref('invalid') },
    dialled_secret: {
      says: 'Said above a confirmation that someone tried to answer in the dialled code.',
      value: text,
    },
    outcomes: {
      says: 'Ways for outcomes that a screen does not route itself.',
      value: { type: 'object', additionalProperties: ref('policy') },
    },
    shortcuts: {
      says: 'What can be dialled behind the code, and the screen that it leads to: "1*{to}*{amount}": send-money.confirm.',
      value: { type: 'object', additionalProperties: screenId },
    },
    resume: {
      says: 'What is offered to somebody who dials again after the session was dropped.',
      value: ref('resume'),
    },
    last_transfer: {
      says: 'How the last session’s transfer ended, said above the first menu.',
      value: ref('lastTransfer'),
    },
    asked: {
      says: 'That something waits for the caller’s answer, said above the first menu where no transfer is told of.',
      value: text,
    },
    removed: {
      says: 'Screens, variables (flow.$name) and flows of earlier menus that are gone for good.',
      value: listOf(earlier),
    },
  },
  navigation: {
    back: { says: 'To the screen before.', value: ref('button') },
    home: { says: 'To where a dial begins.', value: ref('button') },
    more: { says: 'To the next page of a list.', value: ref('button') },
    previous: { says: 'To the page before, if that is not to be the key of back.', value: ref('button') },
    exit: { says: 'Ends the dialogue, on every screen, if there is to be such a key.', value: ref('exit') },
  },
  button: {
    key: { says: 'What people type: one or two digits, * or #.', value: word },
    text: { says: 'The words in the footer, with the key.', value: text },
  },
  resume: {
    within_minutes: {
      says: 'For how long after the last answer.',
      value: { type: 'integer', minimum: 1, maximum: 10 },
    },
    text: { says: 'The question.', value: text },
    continue: { says: 'The words of key 1.', value: text },
    over: { says: 'The words of key 2.', value: text },
  },
  lastTransfer: {
    sent: { says: 'Of money sent: {amount}, {name}, {reference}.', value: text },
    paid: { says: 'Of a bill paid.', value: text },
    processing: { says: 'Of a transfer whose end is not known yet.', value: text },
    refused: { says: 'Of a transfer that was not made.', value: text },
  },
  exit: {
    key: { says: 'What people type: one or two digits, * or #.', value: word },
    text: { says: 'The words in the footer, with the key.', value: text },
    end: { says: 'The last words.', value: text },
  },
  limits: {
    gsm7: { says: 'Septets of a screen in the GSM-7 alphabet.', value: whole(1) },
    ucs2: { says: 'Characters of a screen outside it.', value: whole(1) },
    lines: { says: 'Lines of a screen.', value: whole(1) },
    channels: {
      says: 'What a screen can hold on a channel, by its name, where that is not what holds for all.',
      value: { type: 'object', additionalProperties: ref('sizes') },
    },
  },
  sizes: {
    gsm7: { says: 'Septets of a screen in the GSM-7 alphabet.', value: whole(1) },
    ucs2: { says: 'Characters of a screen outside it.', value: whole(1) },
    lines: { says: 'Lines of a screen.', value: whole(1) },
  },
  forms: {
    text: { says: 'The full words.', value: { type: 'string' } },
    short: {
      says: 'Shorter words, or a list of ever shorter ones, for screens that the full ones do not fit on.',
      value: { anyOf: [{ type: 'string' }, listOf({ type: 'string' })] },
    },
  },
  invalid: {
    attempts: { says: 'How often a screen is repeated with a hint.', value: whole(0) },
    text: { says: 'The hint above the repeated screen.', value: text },
    end: { says: 'The last words after too many.', value: text },
    differ: { says: 'Said when what is asked twice was not typed alike.', value: text },
    none: { says: 'Said when no row of a list has the letters that were typed.', value: text },
  },
  policy: {
    say: { says: 'Words above the next screen.', value: text },
    go: { says: 'Where it goes on.', value: { enum: ['again', 'home'] } },
    end: { says: 'The last words.', value: text },
  },
  flow: {
    was,
    parameters: { says: 'Variables that a flow which uses this one gives.', value: ref('types') },
    results: { says: 'Variables that are handed back.', value: listOf(name) },
    variables: { says: 'Values that the screens of this flow share, each with its type.', value: ref('types') },
    start: { says: 'The first screen.', value: name },
    screens: {
      says: 'The screens by name.',
      value: { type: 'object', propertyNames: name, additionalProperties: ref('screen') },
    },
  },
  '*': {
    was,
    with: { says: 'What the action, the flow or the message is given.', value: values },
    set: { says: 'Variables to set, each from a field of the row or result.', value: set },
    go: { says: 'Where it goes on.', value: target },
    outcomes: {
      says: 'A way for each end that the action can have.',
      value: { type: 'object', additionalProperties: ref('way') },
    },
    wrong: { says: 'Words for an answer that cannot be one.', value: text },
    attempts: {
      says: 'How often this screen is repeated with a hint, if not as often as the service says.',
      value: whole(0),
    },
    after: {
      says: 'Where it goes after too many wrong answers, if not to the end.',
      value: { anyOf: [target, ref('way')] },
    },
  },
  menu: {
    menu: { says: 'Offers choices.', value: text },
    choices: { says: 'The choices, in the order in which they are shown.', value: listOf(ref('choice')) },
  },
  choice: {
    key: { says: 'What people type: one or two digits, in quotes.', value: word },
    text: { says: 'The words beside the key.', value: text },
    go: { says: 'Where it leads.', value: target },
    when: { says: 'Only then is it offered.', value: condition },
    set: { says: 'Variables to set: $name, or a value.', value: set },
    say: { says: 'Words above the next screen.', value: text },
  },
  input: {
    input: { says: 'Takes one value.', value: text },
    type: { says: 'What can be typed.', value: ref('inputType') },
    as: { says: 'The variable that it becomes.', value: name },
    confirm_twice: { says: 'true where it is asked a second time and must be the same.', value: { type: 'boolean' } },
    again: { says: 'The words of the second time.', value: text },
    differ: { says: 'Said above the first question when the two were not the same.', value: text },
  },
  list: {
    list: { says: 'Shows rows, page by page.', value: text },
    from: { says: 'The variable that has the rows.', value: word },
    call: { says: 'The action that brings the rows.', value: ref('action') },
    rows: { says: 'The field of the outcome that has the rows.', value: word },
    row: { says: 'The text of a row.', value: text },
    empty: { says: 'The way where there are no rows.', value: ref('way') },
    pick: { says: 'false where rows are only read.', value: { type: 'boolean' } },
    filter: { says: 'The field whose words are looked through when somebody types letters.', value: word },
    none: { says: 'Said when no row has the letters that were typed.', value: text },
  },
  confirm: {
    confirm: { says: 'Asks for a yes or a secret, then runs an action.', value: text },
    ask: { says: 'What is asked for; all but yes are secrets.', value: { enum: ASKS } },
    yes: { says: 'The words of key 1, where it asks yes.', value: text },
    no: { says: 'The words of key 2 and where it leads.', value: { anyOf: [target, ref('no')] } },
    do: { says: 'The action that runs when it is answered.', value: ref('action') },
  },
  no: {
    text: { says: 'The words of key 2.', value: text },
    go: { says: 'Where it leads.', value: target },
  },
  call: { call: { says: 'Runs an action that reads or records; nobody sees it.', value: ref('action') } },
  route: {
    route: { says: 'Goes the first way whose condition holds; nobody sees it.', value: listOf(ref('case')) },
    else: { says: 'Where it goes if none holds.', value: target },
  },
  case: {
    when: { says: 'The condition.', value: condition },
    go: { says: 'Where it leads.', value: target },
  },
  use: { use: { says: 'Goes through another flow; go says where it returns to.', value: name } },
  end: {
    end: { says: 'The last words.', value: text },
    sms: { says: 'A message that goes to the subscriber too.', value: ref('message') },
  },
  way: {
    set: { says: 'Variables to set, each from a field of the outcome.', value: set },
    say: { says: 'Words above the next screen.', value: text },
    go: { says: 'Where it goes on.', value: target },
    end: { says: 'The last words; then the dialogue is over.', value: text },
  },
  type: {
    text: { says: 'Words of at most so many characters.', value: ref('bounds') },
    digits: { says: 'Digits, at most so many.', value: ref('bounds') },
    number: { says: 'A whole number up to this.', value: ref('bounds') },
    money: { says: 'An amount in minor units.', value: ref('money') },
    choice: { says: 'One of these words; for conditions.', value: listOf(word) },
    rows: { says: 'Rows with these fields; max says how many.', value: ref('types') },
  },
  inputType: {
    text: { says: 'Words, from min to max characters.', value: ref('bounds') },
    digits: { says: 'Digits, from min to max.', value: ref('bounds') },
    money: { says: 'An amount, from min to max minor units.', value: ref('money') },
    date: { says: 'A day; min and max are days (2026-12-31), or today, today+30, today-30.', value: ref('dates') },
    pick: {
      says: 'One of these, by its number or its words: { small: Small, large: Large }.',
      value: { type: 'object', propertyNames: name, additionalProperties: text, minProperties: 1 },
    },
  },
}
