/** What every failure tells the policies it passes on its way out. */
interface FailureOf<Code extends string> {
  readonly code: Code;
  /** What it says of the upstream: only `failing` counts against it, and only `alive` speaks for it. */
  readonly upstream: 'failing' | 'alive' | 'unknown';
  /** Whether another attempt within this call may help. */
  readonly mayRetry: boolean;
  /** How long the upstream asks to be left alone, milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  /** Settles when work that was given up has really ended; never rejects. Absent when it has. */
  readonly stillRunning?: Promise<void> | undefined;
}

/** The work threw. */
export interface WorkFailed extends FailureOf<'WORK_FAILED'> {
  readonly error: unknown;
}

export interface TimedOut extends FailureOf<'TIMED_OUT'> {
  /** One attempt, or the call as a whole. */
  readonly scope: 'attempt' | 'total';
  readonly timeoutMs: number;
}

export interface Aborted extends FailureOf<'ABORTED'> {
  readonly reason: unknown;
}

export interface CircuitOpen extends FailureOf<'CIRCUIT_OPEN'> {
  readonly state: 'open' | 'half-open' | 'isolated';
}

export interface BulkheadFull extends FailureOf<'BULKHEAD_FULL'> {
  readonly running: number;
  readonly waiting: number;
}

export interface RateLimited extends FailureOf<'RATE_LIMITED'> {
  /** The queue has no room, the wait would be too long, the upstream has banned us, or one call asks for more than ever fits. */
  readonly because: 'queue-full' | 'wait-too-long' | 'banned' | 'weight-too-high';
}

/** No connection, or it broke before the answer was whole. */
export interface UpstreamUnreachable extends FailureOf<'UPSTREAM_UNREACHABLE'> {
  /** `connect`: nothing was sent. `send`: the request may have arrived. `receive`: the answer broke off. */
  readonly phase: 'connect' | 'send' | 'receive';
  readonly error: unknown;
}

/** Its certificate is not one that we trust for this name. */
export interface UpstreamUntrusted extends FailureOf<'UPSTREAM_UNTRUSTED'> {
  readonly error: unknown;
}

/** It answered, and not with success. */
export interface UpstreamStatus extends FailureOf<'UPSTREAM_STATUS'> {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The beginning of the body, at most 1,000 characters. */
  readonly body: string;
}

/** The answer is not what its headers or its schema say. */
export interface ResponseInvalid extends FailureOf<'RESPONSE_INVALID'> {
  readonly because: 'truncated' | 'encoding' | 'json' | 'schema' | 'headers';
  readonly detail: string;
}

export interface ResponseTooLarge extends FailureOf<'RESPONSE_TOO_LARGE'> {
  readonly limitBytes: number;
}

/** The name leads to an address that may not be asked, or the answer leads elsewhere. */
export interface AddressRefused extends FailureOf<'ADDRESS_REFUSED'> {
  readonly address: string;
  readonly because: 'private-address' | 'redirect';
}

/** Every way in which a call can fail, as a value. */
export type Failure =
  | WorkFailed
  | TimedOut
  | Aborted
  | CircuitOpen
  | BulkheadFull
  | RateLimited
  | UpstreamUnreachable
  | UpstreamUntrusted
  | UpstreamStatus
  | ResponseInvalid
  | ResponseTooLarge
  | AddressRefused;

export type FailureCode = Failure['code'];

export const aborted = (signal: AbortSignal | undefined, stillRunning?: Promise<void>): Aborted =>
  abortedFor(signal?.reason, stillRunning);

export const abortedFor = (reason: unknown, stillRunning?: Promise<void>): Aborted => ({
  code: 'ABORTED',
  upstream: 'unknown',
  mayRetry: false,
  reason,
  stillRunning,
});
