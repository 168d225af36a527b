import { type SpanContext, isSpanContextValid } from '@opentelemetry/api';
import { parseTracestate } from './trace-context-state.ts';

/** Version, trace id, parent id, flags, and what a later version may add. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const OUTER_SPACE = /^[ \t]+|[ \t]+$/g;

const SAMPLED = 0x01;
/** Sampled, and the random trace id of Level 2. The other flags have no meaning yet and are sent as 0. */
const KNOWN_FLAGS = 0x03;

/** Headers as Node gives them: names in lower case, several values as a list or joined with commas. */
export type IncomingTraceHeaders = Readonly<Record<string, unknown>>;

/** What to send along with an outgoing request. Empty when nothing is being traced. */
export interface TraceHeaders {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/**
 * Reads a `traceparent` header as W3C Trace Context has it: lower-case hex of exact length, ids that are not all zero.
 * Of version 00 nothing may follow the flags; of a later one the known fields are read. Version ff is refused.
 */
export function parseTraceparent(header: string): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(header) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & KNOWN_FLAGS, isRemote: true };
  return isSpanContextValid(parent) ? parent : undefined;
}

/** A `traceparent` header of version 00. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${(traceFlags & KNOWN_FLAGS).toString(16)}`;
}

/**
 * The remote parent that headers name, for `parent` of {@link Tracing}. A `tracestate` that is not well-formed is dropped
 * and the parent kept; a `traceparent` that is not, or that came twice, drops both.
 */
export function traceParentOf(headers: IncomingTraceHeaders): SpanContext | undefined {
  const [header, ...others] = [headers['traceparent']].flat();
  if (typeof header !== 'string' || others.length > 0) return undefined;
  const parent = parseTraceparent(header.replaceAll(OUTER_SPACE, ''));
  if (parent === undefined) return undefined;
  const given = [headers['tracestate']].flat();
  const traceState = given.every((each) => typeof each === 'string')
    ? parseTracestate(given.join(','))
    : undefined;
  return traceState === undefined ? parent : { ...parent, traceState };
}

/** The headers that carry `span` on. */
export function headersOf(span: SpanContext): TraceHeaders {
  const traceparent = formatTraceparent(span);
  const tracestate = span.traceState?.serialize() ?? '';
  return tracestate === '' ? { traceparent } : { traceparent, tracestate };
}

export const isSampled = ({ traceFlags }: SpanContext): boolean => (traceFlags & SAMPLED) !== 0;
