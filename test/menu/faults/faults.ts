/** A small change to a source file that makes the engine or the compiler wrong, and the law that has to fail then. */
export type Fault = {
  readonly name: string
  /** Below `src`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly text: string
  readonly instead: string
  readonly law: string
  /** Of a check that is missing: the mistake in menus that are then accepted. */
  readonly slip?: string
}

const FITS = 'there is always a screen, no longer than the compiler has proved'
const HOP = 'between an answer and its screen run few actions, which together keep within a hop'
const HOPS = 'hops that come again or in any order run at most one write for each confirmation shown'
const PAGES = 'the pages of a list together are the list, each row once and chosen by its own number'
const BACK = 'going back shows the screen that was left, with the values it had'
const STORED = 'a session stored and read again is the same and goes on the same'
const CODES = 'a published code leads where typing its answers leads'
const ENDS = 'from wherever a dialogue is, it ends after few answers that are none'

export const faults: readonly Fault[] = [
  {
    name: 'a character of two septets counts as one',
    file: 'menu/text.ts',
    text: '(gsm7 ? countSeptets(text) : null) ?? text.length',
    instead: 'gsm7 ? text.length : text.length',
    law: FITS,
  },
  {
    name: 'the compiler does not count the footer',
    file: 'menu/checks/width.ts',
    text: "footer.map(print).join(' ')",
    instead: "''",
    law: FITS,
    slip: 'a menu that is too long with its footer',
  },
  {
    name: 'a page of a list leaves no room for its footer',
    file: 'menu/render.ts',
    text: 'const text = stack([head, foot(more)])',
    instead: 'const text = more ? head : stack([head, foot(more)])',
    law: FITS,
  },
  {
    name: 'a value that is set nowhere is accepted',
    file: 'menu/checks/bind.ts',
    text: "'E-BIND'",
    instead: "'W-I18N'",
    law: FITS,
    slip: 'a value that one of two ways sets',
  },
  {
    name: 'an outcome without a way is accepted',
    file: 'menu/build/route.ts',
    text: "'E-ROUTE'",
    instead: "'W-I18N'",
    law: FITS,
    slip: 'an outcome without a way',
  },
  {
    name: 'an outcome that the contract does not have is taken',
    file: 'menu/step.ts',
    text: "const known = fields === undefined ? 'failed' : outcome",
    instead: 'const known = outcome',
    law: FITS,
  },
  {
    name: 'a circle that nobody sees is accepted',
    file: 'menu/checks/time.ts',
    text: "'E-SPIN'",
    instead: "'W-I18N'",
    law: HOP,
    slip: 'a circle that nobody sees',
  },
  {
    name: 'actions that take too long together are accepted',
    file: 'menu/checks/time.ts',
    text: "'E-TIME'",
    instead: "'W-I18N'",
    law: HOP,
    slip: 'actions that take too long',
  },
  {
    name: 'the order of rows is changed in place',
    file: 'menu/render.ts',
    text: 'return Array.isArray(rows) ? rows.filter(isRecord) : []',
    instead: 'return Array.isArray(rows) ? (rows as Values[]).reverse() : []',
    law: 'a step changes nothing but what it returns, and the same event twice gives the same',
  },
  {
    name: 'an ended dialogue goes on',
    file: 'menu/step.ts',
    text: "return { session, heard: null, kind: 'reply', reply: lastWords(session), sms: [] }",
    instead: "return event.kind === 'open' ? travel(turn, session, 'home') : show(turn, session, null)",
    law: 'no event out of turn changes a dialogue that has ended',
  },
  {
    name: 'a hop that comes again is answered again',
    file: 'conversations/arrival.ts',
    text: "return { kind: 'repeat' }",
    instead: "return { kind: 'next', input: new Secret(all.slice(all.lastIndexOf('*') + 1)) }",
    law: HOPS,
  },
  {
    name: 'a secret is kept in a variable',
    file: 'menu/step.ts',
    text: 'return run(turn, session, meaning.call, meaning.secret)',
    instead: 'return run(turn, assign(session, { typed: input.reveal() }), meaning.call, meaning.secret)',
    law: 'no secret is ever in a session, on a screen or among the values of an action',
  },
  {
    name: 'a write that nobody confirms is accepted',
    file: 'menu/build/screen.ts',
    text: "symbols.report('E-WRITE', at,",
    instead: "symbols.report('W-I18N', at,",
    law: 'only a confirmation hands a secret on, and only to an action that asks for it',
    slip: 'a write that nobody confirms',
  },
  {
    name: 'two choices with one key are accepted',
    file: 'menu/checks/keys.ts',
    text: 'keys.filter((each) => each === key).length > 1',
    instead: 'keys.filter((each) => each === key).length > 9',
    law: 'no key on a menu has two meanings',
    slip: 'two choices with one key',
  },
  {
    name: 'home keeps the screens before it',
    file: 'menu/session.ts',
    text: 'variables: {} }], history: [], away: false }',
    instead: 'variables: {} }], away: false }',
    law: 'home is as a new dial in the language of the dialogue',
  },
  {
    name: 'going back keeps what was set since',
    file: 'menu/session.ts',
    text: 'else variables[name] = was',
    instead: 'else variables[name] ??= was',
    law: BACK,
  },
  {
    name: 'one can go back past a write',
    file: 'menu/move.ts',
    text: 'return leaveForGood(session, wrote)',
    instead: 'return leaveForGood(session, wrote && false)',
    law: 'going back never leads past a confirmation that has written',
  },
  {
    name: 'the next page begins one row late',
    file: 'menu/render.ts',
    text: 'rows.length ? first + shown : null',
    instead: 'rows.length ? first + shown + 1 : null',
    law: PAGES,
  },
  {
    name: 'a number means the row below it',
    file: 'menu/meaning.ts',
    text: '[Number(key) - 1]',
    instead: '[Number(key)]',
    law: PAGES,
  },
  {
    name: 'a stored session loses what going back restores',
    file: 'menu/session-json.ts',
    text: 'Place => ({ at, depth, pages, typed, undo })',
    instead: 'Place => ({ at, depth, pages, typed, undo: {} })',
    law: STORED,
  },
  {
    name: 'a stored program loses which words are in which alphabet',
    file: 'menu/program.ts',
    text: 'return JSON.stringify(program)',
    instead: "return JSON.stringify(program, (name, value) => (name === 'gsm7' && value === false ? true : value))",
    law: 'a program stored and read again is the same program',
  },
  {
    name: 'whoever dials moves all dialogues to the program of that dial',
    file: 'menu/step.ts',
    text: 'export function step(program: Program, session: MenuSession, event: MenuEvent): Step {\n',
    instead:
      'let newest: Program | null = null\nexport function step(given: Program, session: MenuSession, event: MenuEvent): Step {\n  if (newest === null || session.state === "new") newest = given\n  const program = newest\n',
    law: 'a dialogue depends on its own program alone, whatever runs beside it',
  },
  {
    name: 'what was dialled answers a confirmation',
    file: 'menu/step.ts',
    text: "screen.kind === 'confirm' || mayBeSecret(first.input)",
    instead: 'mayBeSecret(first.input)',
    law: 'answers dialled with the code lead where typing them leads',
  },
  {
    name: 'what may be a PIN is read as an answer',
    file: 'menu/shortcut.ts',
    text: '{4,6}',
    instead: '{44,46}',
    law: 'answers dialled with the code lead where typing them leads',
  },
  {
    name: 'a published code takes its values one too late',
    file: 'menu/shortcut.ts',
    text: 'tokens[answer.index]',
    instead: 'tokens[answer.index + 1]',
    law: CODES,
  },
  {
    name: 'menus without an end are accepted',
    file: 'menu/checks/dead.ts',
    text: "'E-DEAD'",
    instead: "'W-LOOP'",
    law: 'whoever goes on answering can come to an end, or to a page that is only read',
    slip: 'menus without an end',
  },
  {
    name: 'invalid answers are counted from the beginning each time',
    file: 'menu/step.ts',
    text: 'session.wrong + 1 }, wordsOf',
    instead: '0 }, wordsOf',
    law: ENDS,
  },
  {
    name: 'invalid answers are never too many',
    file: 'menu/step.ts',
    text: 'session.wrong < (attempts ?? turn.program.attempts)',
    instead: 'session.wrong < (attempts ?? turn.program.attempts) + 99',
    law: ENDS,
  },
]
