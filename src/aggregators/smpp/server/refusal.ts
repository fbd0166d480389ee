/** Statuses of our responses beyond the codec's (SMPP 3.4 §5.1.3). */
export const REFUSAL = {
  /** ESME_RINVMSGLEN */
  length: 0x01,
  /** ESME_RINVSRCADR: no such form, not one of the account's senders, or one of our own. */
  source: 0x0a,
  /** ESME_RINVDSTADR: no phone number, or outside the account's prefixes. */
  destination: 0x0b,
  /** ESME_RINVMSGID */
  messageId: 0x0c,
  /** ESME_RCANCELFAIL */
  cancel: 0x11,
  /** ESME_RREPLACEFAIL */
  replace: 0x13,
  /** ESME_RINVESMCLASS: a header that we could not pass on, or an acknowledgement. */
  esmClass: 0x43,
  /** ESME_RSUBMITFAIL: volume used up, or a data_coding that is not text. */
  submit: 0x45,
  /** ESME_RINVSCHED */
  schedule: 0x61,
  /** ESME_RINVEXPIRY */
  expiry: 0x62,
  /** ESME_RINVDFTMSGID */
  predefined: 0x63,
  /** ESME_RX_R_APPN: a receiver rejects what we delivered, for good. */
  rejected: 0x66,
  /** ESME_RQUERYFAIL */
  query: 0x67,
} as const
