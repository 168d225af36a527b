import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import type { Failure } from './failure.ts';

/** A {@link Failure} that was thrown. Its `code` is that of the failure, its `cause` what went wrong underneath. */
export class ResilienceError extends PortcullisError {
  readonly failure: Failure;

  /** @param about what was called, such as `binance /api/v3/time`; stands before the message */
  constructor(failure: Failure, about?: string, details: Readonly<Record<string, unknown>> = {}) {
    const message = describeFailure(failure);
    super(failure.code, about === undefined ? message : `${about}: ${message}`, {
      cause: causeOf(failure),
      details,
      // Of one code some may help and others not: 503 and 404.
      ...(failure.mayRetry ? { retryable: true } : {}),
    });
    this.failure = failure;
  }
}

/** One line for people. */
export function describeFailure(failure: Failure): string {
  switch (failure.code) {
    case 'WORK_FAILED':
      return `the work failed: ${messageOf(failure.error)}`;
    case 'TIMED_OUT':
      return `no answer within ${failure.timeoutMs} ms (${failure.scope === 'total' ? 'the whole call' : 'one attempt'})`;
    case 'ABORTED':
      return `aborted: ${messageOf(failure.reason)}`;
    case 'CIRCUIT_OPEN':
      return `not asked, the circuit is ${failure.state}${laterText(failure)}`;
    case 'BULKHEAD_FULL':
      return `not asked, ${failure.running} calls are running and ${failure.waiting} wait`;
    case 'RATE_LIMITED':
      return `not asked, rate limit: ${failure.because}${laterText(failure)}`;
    case 'UPSTREAM_UNREACHABLE':
      return `the connection failed (${failure.phase}): ${messageOf(failure.error)}`;
    case 'UPSTREAM_UNTRUSTED':
      return `its certificate is not trusted: ${messageOf(failure.error)}`;
    case 'UPSTREAM_STATUS':
      return `it answered ${failure.status}${failure.body === '' ? '' : `: ${quoted(failure.body)}`}`;
    case 'RESPONSE_INVALID':
      return `its answer is not valid (${failure.because}): ${quoted(failure.detail)}`;
    case 'RESPONSE_TOO_LARGE':
      return `its answer is larger than ${failure.limitBytes} bytes`;
    case 'ADDRESS_REFUSED':
      return `${failure.address} may not be asked (${failure.because})`;
  }
}

/** What others wrote must not look like lines of ours in a log. */
const quoted = (text: string): string => text.slice(0, 200).replaceAll(/\p{Cc}+/gu, ' ');

const laterText = ({ retryAfterMs }: Failure): string =>
  retryAfterMs === undefined || retryAfterMs === Infinity ? '' : `, again in ${Math.ceil(retryAfterMs)} ms`;

function causeOf(failure: Failure): unknown {
  if ('error' in failure) return failure.error;
  return 'reason' in failure ? failure.reason : undefined;
}
