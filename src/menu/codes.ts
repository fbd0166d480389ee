import type { Code } from './problem.ts'

/** What a code means, for the page of the documentation about it. */
export type CodeText = {
  readonly title: string
  /** What the compiler looks at, and how. */
  readonly checks: string
  readonly consequence: string
  readonly cure: string
}

/** Every code with its words; its example is a file of test/menu/wrong. */
export const codes: Readonly<Record<Code, CodeText>> = {
  'E-YAML': {
    title: 'The file is not YAML 1.2',
    checks:
      'Files are read as YAML 1.2 with its core schema, where `no` is a word. Keys must be text, and aliases are not part of the language.',
    consequence:
      'What stands there cannot be read, or would be read as something else: `00` without quotes is the number 0.',
    cure: 'Correct the place that the caret shows; put keys that look like numbers in quotes.',
  },
  'E-SHAPE': {
    title: 'A key or a value does not belong there',
    checks: 'Each kind of screen, way and setting has its own keys, and each key its form of value.',
    consequence: 'A key that is not known would be ignored, and what it was meant to do would not happen.',
    cure: 'Take one of the keys that the finding names. An editor that knows the schema of the file offers them while you type.',
  },
  'E-REF': {
    title: 'A name stands for nothing',
    checks: 'Screens, flows, actions, outcomes, variables, formatters and messages are looked up by their names.',
    consequence: 'The dialogue would break off there, or show nothing in place of a value.',
    cure: 'Correct the name, mostly to the one that the finding suggests, or declare what it stands for.',
  },
  'E-ROUTE': {
    title: 'An outcome or a return leads nowhere',
    checks:
      'Every outcome that an action declares needs a way: the screen’s own, or the one that `service.yaml` has for it.',
    consequence: 'When the action ends so, there would be nothing to show, and the dialogue would break off.',
    cure: 'Add the outcome to `outcomes`; give a `use` that is returned to its `go`.',
  },
  'E-TYPE': {
    title: 'A value of another type than wanted',
    checks: 'Types are never converted, and a variable must be at least as wide as what is put into it.',
    consequence: 'A value could be cut, or an action could be given something that it cannot read.',
    cure: 'Declare the variable with the type that the finding names, or hand on another value.',
  },
  'E-KEY': {
    title: 'One key means two things',
    checks:
      'The keys of choices, the numbers of rows, the values that an input takes and the keys of navigation are compared; of keywords, what is left of their words without case, accents and signs.',
    consequence: 'One of the two could never be reached, and people would land where they did not want to go.',
    cure: 'Take another key, fewer rows, or a higher `min` for the input.',
  },
  'E-WRITE': {
    title: 'A write that nobody confirms',
    checks:
      'An action whose contract says that it moves money or changes a credential runs only on a `confirm` screen. A `confirm` runs one action, so that there are never two writes under one PIN; each has a key of its own, so that running it again does nothing.',
    consequence: 'Money would move without a yes or a PIN.',
    cure: 'Run the action by `do` on a `confirm` screen.',
  },
  'E-SECRET': {
    title: 'A secret that nobody checks',
    checks:
      'A `confirm` asks for what its action wants, and only an action that wants a secret is given one. What is typed there can stand in no variable, text or message: there is no name for it.',
    consequence: 'A PIN would be asked for nothing and accepted whatever it is, or a write would run without it.',
    cure: 'Write the `ask` that the finding names.',
  },
  'E-I18N': {
    title: 'A translation is missing or differs',
    checks:
      'Each language has a line for each text, and shows the values that the base text shows; each keyword has words in each language.',
    consequence: 'A screen could not be shown, or would not tell an amount, in that language.',
    cure: 'Add, correct or remove the lines that the finding names.',
  },
  'W-I18N': {
    title: 'A translation equals the base text',
    checks: 'Sentences that stand word for word in the base language.',
    consequence: 'People may read a sentence in a language that they did not choose.',
    cure: 'Translate it.',
  },
  'E-REACH': {
    title: 'Something that nobody ever sees',
    checks:
      'Screens and flows to which no way leads from the start, and choices and cases whose condition can never hold: by the words and bounds of the types, by the cases before, and by the kinds of caller (`me.status`) that come to the screen at all.',
    consequence:
      'Whoever reads the menus believes in a way that does not exist; mostly a condition or a target is mistyped.',
    cure: 'Lead to it, correct the condition, or take it away.',
  },
  'W-REACH': {
    title: 'An else that is never taken',
    checks: 'Whether the conditions of a `route` leave anything to its `else`.',
    consequence: 'The way of `else` misleads whoever reads it.',
    cure: 'Take the last case away and let `else` lead where it does.',
  },
  'E-DEAD': {
    title: 'No answer leads to an end',
    checks:
      'From every screen an end can be reached by answering, or a page that is only read and that back or home lead away from: a `menu` without choices, a `list` with `pick: false`. The ends that the service has for outcomes such as `failed` do not count, since nobody chooses them. Where back or home still lead out of a circle, it is W-LOOP.',
    consequence: 'People can only hang up, and the session is held until the network cuts it.',
    cure: 'Add a way to an `end`.',
  },
  'W-LOOP': {
    title: 'A circle that is left only by back or home',
    checks: 'Screens from which answers lead only to each other, while back or home lead out of them.',
    consequence: 'People who do not think of these keys hang up.',
    cure: 'Add a choice that leads to an end, or to a screen outside the circle.',
  },
  'E-BACK': {
    title: 'A way leads back to what was confirmed',
    checks:
      'After a write, every way is followed to the next write. The keys back and home need no check: the engine forgets every screen before a write when it runs, so that neither leads across it.',
    consequence: 'The same confirmation would be asked for again with the same values, and money could move twice.',
    cure: 'End there, or lead to a screen where the values are set anew.',
  },
  'E-BIND': {
    title: 'A value that may not be set',
    checks: 'Every way to where a variable is read is followed from the start, through the flows in use.',
    consequence: 'A screen would show nothing there, or an action would run without a value.',
    cure: 'Set the variable on each way to the screen.',
  },
  'E-SPIN': {
    title: 'A circle without a screen',
    checks:
      'Calls, routes and uses that lead back to themselves before anything is shown, and flows that use themselves.',
    consequence: 'The dialogue could run in a circle without ever answering the network.',
    cure: 'Put a screen into the circle, or lead elsewhere.',
  },
  'E-CUT': {
    title: 'A published code that cannot be kept',
    checks:
      'Each shortcut must lead to a screen by choices and inputs alone, with a value for every input on the way and no confirmation answered; and no two may fit the same code.',
    consequence:
      'People who have learnt the code would land on another screen than it promises, or could be asked to dial a secret.',
    cure: 'Lead to a screen before the one that the finding names, or put the missing value into the code.',
  },
  'W-CUT': {
    title: 'A keyword that opens nothing',
    checks:
      'Each screen that a keyword of SMS opens should have a shortcut, since the shortcut is what is dialled for it.',
    consequence: 'Who writes the keyword is given the bare code to dial, and looks for the screen alone.',
    cure: 'Publish a shortcut to the screen in `service.yaml`, or take the screen out of `opens`.',
  },
  'E-TIME': {
    title: 'Actions that together take too long',
    checks: 'The deadlines of all actions between two screens are added up.',
    consequence: 'The network stops waiting and cuts the dialogue, while the actions still run.',
    cure: 'Show a screen between them.',
  },
  'E-MIG': {
    title: 'Something that others name is gone',
    checks:
      'Screens, variables and shortcuts are compared with the menus that are in force, by `publish` and by `check --against`. A screen or variable that is missing must have a `was:` at what it has become, or stand in the list `removed`; each earlier name may have one heir; a shortcut must lead where it led.',
    consequence: 'What is counted for a screen would break off, and a published shortcut to it would lead nowhere.',
    cure: 'Write `was:` at the screen, the variable or the flow that it has become, or list it under `removed` in `service.yaml`; give a shortcut back its screen.',
  },
  'E-WIDTH': {
    title: 'A screen that can be too long',
    checks:
      'Each screen is printed in each language with the longest values, the longest words that may stand above it and its footer, and measured in septets, or in UCS-2 units where a character is outside GSM-7.',
    consequence: 'The network cuts the screen or refuses it; mostly the footer, or the fee, is what goes missing.',
    cure: 'Take out as many characters as the finding says, give the text a `short` form, cut values with `cut`, or split the screen.',
  },
  'E-LINES': {
    title: 'A screen that can have too many lines',
    checks: 'The lines of each screen at its fullest are counted.',
    consequence: 'Small phones show only the first ones.',
    cure: 'Join lines, or split the screen.',
  },
  'E-SHORT': {
    title: 'A short form that shows more than the full one',
    checks: 'A text may have short forms; each may leave values of the full one out, and show no others.',
    consequence: 'A value could be shown that was never set, or mean something else than in the full words.',
    cure: 'Take the value out of the short form, or show it in the full one too.',
  },
  'W-SHORT': {
    title: 'A short form that is of no use',
    checks: 'Short forms that are not shorter than the form before, and those that no screen needs on any channel.',
    consequence: 'Somebody keeps words right, in every language, that nobody reads.',
    cure: 'Take the short form away, or make it shorter.',
  },
  'W-DEEP': {
    title: 'Too many screens, choices or words',
    checks:
      'More than 8 answers to a screen on the shortest way, at about 20 seconds each in a session of 180; more than 7 choices on a menu; a screen that takes longer to read (12 characters a second) and answer (2 digits or 1 letter a second) than the 30 seconds that a network waits.',
    consequence: 'Sessions run out before people have finished, or people give up.',
    cure: 'Ask for less, put choices on a further menu, say less.',
  },
  'E-SMS': {
    title: 'A message of too many SMS',
    checks:
      'Each message is printed in each language with the longest values: 160 septets or 70 UCS-2 units are one SMS; beyond, each part has 153 or 67. Two SMS are allowed, or three where a character is outside GSM-7; a one-time code has limits of its own.',
    consequence: 'Every such message costs more than it should, and some phones show the parts one by one.',
    cure: 'Say it in fewer words.',
  },
}

/** `E-` refuses the menus, `W-` does not. */
export function severityOf(code: Code): 'error' | 'warning' {
  return code.startsWith('E-') ? 'error' : 'warning'
}

/** The page of the documentation, as a path in the repository. */
export function pageOf(code: Code): string {
  return `docs/menus/codes/${code}.md`
}
