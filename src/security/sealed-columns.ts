/** A row's key columns by name, as text. */
export type RowKey = Readonly<Record<string, string>>

/** A table with sealed columns: how its rows are told apart, and what each value is sealed to. */
export type SealedTable = {
  readonly table: string
  /** Its primary key, column and type, in the order of its index. */
  readonly key: readonly (readonly [column: string, type: string])[]
  readonly columns: readonly {
    readonly column: string
    /** The same as where the value is sealed. */
    readonly context: (key: RowKey) => string
    /** The column that this phone number is looked up by. */
    readonly index?: string
  }[]
  /** Columns of other tables that hold this row's index again: `table.column`, and the column that names this row. */
  readonly copies?: readonly { readonly table: string; readonly column: string; readonly of: string }[]
}

/**
 * Every column that is sealed under DATA_KEY and moves to a new key. A new sealed column needs a line here, or one in `fixedColumns` that
 * says why it does not move.
 */
export const sealedTables: readonly SealedTable[] = [
  {
    table: 'subscriber',
    key: [['id', 'uuid']],
    columns: [
      { column: 'number_sealed', context: ({ id }) => `subscriber.number:${id}`, index: 'number_index' },
      { column: 'name_sealed', context: ({ id }) => `subscriber.name:${id}` },
    ],
  },
  {
    table: 'identity_question',
    key: [['subscriber_id', 'uuid']],
    columns: [{ column: 'question_sealed', context: ({ subscriber_id: id }) => `identity_question.question:${id}` }],
  },
  {
    table: 'audit_value',
    key: [
      ['event_id', 'uuid'],
      ['name', 'text'],
    ],
    columns: [{ column: 'value_sealed', context: ({ event_id: id, name }) => `audit_value.${name}:${id}` }],
  },
  {
    table: 'sms_outbox',
    key: [['id', 'uuid']],
    columns: [
      { column: 'recipient_sealed', context: ({ id }) => `sms_outbox.recipient:${id}`, index: 'recipient_index' },
      { column: 'body_sealed', context: ({ id }) => `sms_outbox.body:${id}` },
      { column: 'sender_sealed', context: ({ id }) => `sms_outbox.sender:${id}` },
    ],
    copies: [
      { table: 'sms_attempt', column: 'recipient_index', of: 'outbox_id' },
      { table: 'sms_part', column: 'recipient_index', of: 'outbox_id' },
    ],
  },
  {
    table: 'sms_inbox',
    key: [['id', 'uuid']],
    columns: [
      { column: 'sender_sealed', context: ({ id }) => `sms_inbox.sender:${id}`, index: 'sender_index' },
      { column: 'body_sealed', context: ({ id }) => `sms_inbox.body:${id}` },
    ],
  },
  {
    table: 'sms_inbox_part',
    key: [['id', 'uuid']],
    columns: [
      { column: 'sender_sealed', context: ({ id }) => `sms_inbox_part.sender:${id}`, index: 'sender_index' },
      { column: 'body_sealed', context: ({ id }) => `sms_inbox_part.body:${id}` },
    ],
  },
  {
    table: 'sms_campaign',
    key: [['id', 'uuid']],
    columns: [{ column: 'texts_sealed', context: ({ id }) => `sms_campaign.texts:${id}` }],
  },
  {
    table: 'sms_campaign_recipient',
    key: [
      ['campaign_id', 'uuid'],
      ['position', 'integer'],
    ],
    columns: [
      {
        column: 'number_sealed',
        context: ({ campaign_id: id, position }) => `sms_campaign_recipient.number:${id}:${position}`,
        index: 'number_index',
      },
      {
        column: 'fields_sealed',
        context: ({ campaign_id: id, position }) => `sms_campaign_recipient.fields:${id}:${position}`,
      },
    ],
  },
  {
    table: 'smpp_submission',
    key: [['outbox_id', 'uuid']],
    columns: [{ column: 'addresses_sealed', context: ({ outbox_id: id }) => `smpp_submission.addresses:${id}` }],
  },
  {
    table: 'smpp_delivery',
    key: [
      ['id', 'bigint'],
      ['name', 'uuid'],
    ],
    columns: [{ column: 'message_sealed', context: ({ name }) => `smpp_delivery.message:${name}` }],
  },
  {
    table: 'linked_account',
    key: [['account_id', 'uuid']],
    columns: [{ column: 'identifier', context: ({ account_id: id }) => `linked_account.identifier:${id}` }],
  },
  {
    table: 'ussd_hop',
    key: [
      ['session_id', 'uuid'],
      ['hop', 'integer'],
    ],
    columns: [{ column: 'reply', context: ({ session_id: id, hop }) => `ussd_hop.reply:${id}:${hop}` }],
  },
]

/** Where a number is kept as its index alone; these follow the number, wherever it is found sealed. */
export const followingIndexes: readonly { readonly table: string; readonly column: string }[] = [
  { table: 'sms_consent', column: 'number_index' },
  { table: 'sms_answer', column: 'number_index' },
  { table: 'sms_stray_report', column: 'recipient_index' },
]

/**
 * Other columns of bytes, and why a new key does not reach them. `history`: sealed, but a row of the books, which nobody changes, not even
 * for this; the key stays for reading. `brief`: read or compared within minutes or days only. `plain`: not under DATA_KEY.
 */
export const fixedColumns: Readonly<Record<string, 'history' | 'brief' | 'plain'>> = {
  'transfer.biller_account': 'history',
  'partner_answer.receipt': 'history',
  'transfer_decision.receipt': 'history',
  'transfer_successor.quote': 'history',
  'standing_order.number_sealed': 'history',
  'standing_order.name_sealed': 'history',
  'standing_order.content_mac': 'history',
  'transfer.content_mac': 'brief',
  'transfer_refusal.content_mac': 'brief',
  'provider_callback.digest': 'brief',
  'sms_inbox_part.part_key': 'brief',
  'sms_inbox_part.digest': 'brief',
  'sms_arrival.digest': 'brief',
  'ussd_refusal.reply': 'brief',
  'audit_event.seal': 'plain',
  'audit_leaf.seal': 'plain',
  'audit_tile.hashes': 'plain',
  'audit_value.salt': 'plain',
  'day_close.digest': 'plain',
  'day_close.signature': 'plain',
}
