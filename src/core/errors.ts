/**
 * Every code this package throws, with what it means. Expected outcomes (a denied order, a rejected order) are values,
 * never errors; what stands here is a broken contract, a bad option or a lost dependency.
 */
export const ERROR_CATALOGUE = {
  OPTION_INVALID: { retryable: false, meaning: 'An option is missing, misspelt or out of range.' },
  CONFIG_INVALID: {
    retryable: false,
    meaning: 'The configuration of a service is not what its schema takes; every issue says where it stands.',
  },
  SECRET_UNREADABLE: {
    retryable: true,
    meaning: 'A secret cannot be read where its reference points, or not yet.',
  },
  INPUT_INVALID: {
    retryable: false,
    meaning: 'Data from outside (a file, a message) is not what it should be.',
  },
  NUMBER_INVALID: {
    retryable: false,
    meaning: 'A decimal is not one, is too long, or does not fit its grid.',
  },
  FILE_UNREADABLE: { retryable: false, meaning: 'A file is missing or cannot be read.' },
  DATA_DIR_LOCKED: { retryable: true, meaning: 'Another process owns the data directory.' },
  LOG_DAMAGED: { retryable: false, meaning: 'A record in the middle of an append log fails its checksum.' },
  LOG_WRITE_FAILED: { retryable: true, meaning: 'The disk refused a record; nothing after it was written.' },
  BUS_CLOSED: { retryable: false, meaning: 'The event bus has been closed.' },
  BUS_UNAVAILABLE: {
    retryable: true,
    meaning: 'The event bus cannot be reached, or its disk refused an event; nothing of it was kept.',
  },
  LOG_FENCED: {
    retryable: false,
    meaning:
      'Another process has taken the append log over, or owns it by a later lease; nothing more is written here.',
  },
  LOG_CLOSED: { retryable: false, meaning: 'The append log has been closed.' },
  SNAPSHOT_FAILED: { retryable: true, meaning: 'A snapshot could not be written, or looked for.' },
  STORE_UNAVAILABLE: { retryable: true, meaning: 'The state store cannot be opened, read or written.' },
  FORMAT_UNSUPPORTED: { retryable: false, meaning: 'A file was written by a version this one cannot read.' },
  LEASE_LOST: {
    retryable: false,
    meaning: 'The lease that this needs is not held any more: another process has taken over, or may have.',
  },
  LEASE_OUTDATED: {
    retryable: false,
    meaning: 'A later owner of the lease has written the journal: this one comes from before.',
  },
  JOURNAL_INCOMPLETE: {
    retryable: false,
    meaning: 'Journal, snapshots and order archive do not belong together, or a part is missing.',
  },
  AUDIT_CHAIN_BROKEN: { retryable: false, meaning: 'The hash chain of the audit log does not verify.' },
  ACCOUNT_UNKNOWN: { retryable: false, meaning: 'The account has not been configured.' },
  INSTRUMENT_UNKNOWN: { retryable: false, meaning: 'The instrument has not been configured.' },
  INSTRUMENT_KIND_UNSUPPORTED: {
    retryable: false,
    meaning: 'This version does not trade this kind of instrument.',
  },
  METRIC_CONFLICT: { retryable: false, meaning: 'A metric of this name exists with another definition.' },
  METRICS_PUSH_FAILED: {
    retryable: true,
    meaning: 'The Pushgateway did not answer in time, or with 429 or 5xx.',
  },
  METRICS_PUSH_REFUSED: { retryable: false, meaning: 'The Pushgateway does not take what was pushed.' },
  PRINCIPAL_REQUIRED: { retryable: false, meaning: 'The call needs a named person and a reason.' },
  RELEASE_REFUSED: {
    retryable: false,
    meaning: 'A scope of the kill switch cannot be released like this, or not now.',
  },
  LIMITS_CONFLICT: {
    retryable: false,
    meaning: 'Someone else has changed the limits meanwhile: look at theirs before you change them again.',
  },
  RESERVATION_SPENT: { retryable: false, meaning: 'A reservation was kept or dropped twice.' },
  SEAL_FORGED: { retryable: false, meaning: 'The order was not sealed by the desk of this venue.' },
  SEAL_SPENT: { retryable: false, meaning: 'The sealed order has been sent before.' },
  SEAL_EXPIRED: { retryable: false, meaning: 'The sealed order was held too long.' },
  SEAL_WRONG_VENUE: { retryable: false, meaning: 'The order was sealed for another venue.' },
  VENUE_CLAIMED: { retryable: false, meaning: 'The venue belongs to another desk.' },
  ENGINE_NOT_GENUINE: {
    retryable: false,
    meaning: 'The desk takes only a genuine RiskGuard and ExecutionPolicy.',
  },
  CANCEL_REFUSED: { retryable: false, meaning: 'The venue knows no working order of this id.' },
  CALLBACK_FAILED: { retryable: false, meaning: 'A listener or port that must not throw has thrown.' },
  SERVICE_STOPPED: { retryable: false, meaning: 'The call came before start() or after stop().' },
  REQUEST_FAILED: {
    retryable: true,
    meaning: 'A service that was asked gave no answer, or one that is no success.',
  },
  SERVICE_START_FAILED: { retryable: true, meaning: 'The service could not start.' },
  FLAG_UNKNOWN: { retryable: false, meaning: 'The feature flag has not been configured.' },
  FLAG_CHANGE_REFUSED: {
    retryable: true,
    meaning: 'A feature flag stays as it was: its file, or the audit log, does not take the change.',
  },
  WEBHOOK_FAILED: { retryable: true, meaning: 'Nobody took the message that was posted.' },
  WORK_FAILED: { retryable: false, meaning: 'The work that a policy ran has thrown; the cause says what.' },
  TIMED_OUT: { retryable: true, meaning: 'No answer in time, for one attempt or for the whole call.' },
  ABORTED: { retryable: false, meaning: 'The signal of the call aborted; the cause is its reason.' },
  CIRCUIT_OPEN: {
    retryable: true,
    meaning: 'Not asked: the breaker of this source is open, probing or isolated.',
  },
  BULKHEAD_FULL: { retryable: true, meaning: 'Not asked: as many calls as may run and wait already do.' },
  RATE_LIMITED: {
    retryable: true,
    meaning: 'Not asked: the rate limit leaves no room for the call in time.',
  },
  UPSTREAM_UNREACHABLE: {
    retryable: true,
    meaning: 'No connection to a source, or it broke before the answer was whole.',
  },
  UPSTREAM_UNTRUSTED: {
    retryable: false,
    meaning: 'The certificate of a source is not trusted for its name.',
  },
  UPSTREAM_STATUS: { retryable: false, meaning: 'A source answered, and not with success.' },
  RESPONSE_INVALID: {
    retryable: false,
    meaning: 'The answer of a source is cut short, not what its headers say, or not what its schema takes.',
  },
  RESPONSE_TOO_LARGE: { retryable: false, meaning: 'The answer of a source is larger than is allowed.' },
  ADDRESS_REFUSED: {
    retryable: false,
    meaning: 'A source leads to an address that may not be asked, or redirects.',
  },
  FEED_TAKEN: { retryable: false, meaning: 'The feed has its one consumer already.' },
  SOURCE_UNKNOWN: { retryable: false, meaning: 'The source of data has not been declared.' },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** What this package throws: a stable `code`, whether a repeat may help, and the cause. */
export class PortcullisError extends Error {
  override readonly name = 'PortcullisError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** Facts for logs: which field, file, line, value. Never a secret. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown;
      details?: Readonly<Record<string, unknown>>;
      /** Default: as the catalogue says of the code. */
      retryable?: boolean;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CATALOGUE[code].retryable;
    this.details = options.details ?? {};
  }
}
