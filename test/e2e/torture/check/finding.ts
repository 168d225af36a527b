/** What must not be, with enough to find it in the logs. */
export interface Finding {
  readonly code: FindingCode;
  readonly detail: string;
}

type FindingCode =
  /** The exchange was handed the same order more than once. */
  | 'SENT_TWICE'
  /** The exchange has an order, or a change of one, that the journal does not. */
  | 'NOT_IN_JOURNAL'
  /** What was sent is not what was written down. */
  | 'CONTENT_DIFFERS'
  | 'WRITTEN_TWICE'
  /** The journal says that it never left, and the exchange has it. */
  | 'SENT_AFTER_ALL'
  /** At the end exchange and journal do not agree on what became of an order. */
  | 'LOST'
  | 'FILL_MISSING'
  | 'FILL_INVENTED'
  | 'BOOK_DIFFERS'
  | 'LIMIT_EXCEEDED'
  | 'SENT_AGAINST_KILL_SWITCH'
  | 'KILL_SWITCH_FORGOTTEN'
  | 'KILL_SWITCH_INVENTED'
  | 'AUDIT_BROKEN';
