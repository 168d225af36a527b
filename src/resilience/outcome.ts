import type { Failure } from './failure.ts';

export interface Success<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Failed {
  readonly ok: false;
  readonly failure: Failure;
}

/** What became of a call, as a value: an open breaker or a full queue costs no stack trace. */
export type Outcome<T> = Success<T> | Failed;

export const success = <T>(value: T): Success<T> => ({ ok: true, value });

export const failed = (failure: Failure): Failed => ({ ok: false, failure });
