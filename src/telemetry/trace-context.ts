import { INVALID_SPANID, INVALID_TRACEID, type SpanContext } from '@opentelemetry/api';
import { parseTracestate } from './trace-context-state.ts';

/** Version, trace id, parent id, flags, and what a later version may add. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;
const VERSION_00_LENGTH = 55;
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
  if (!TRACEPARENT.test(header) || header.startsWith('ff')) return undefined;
  if (header.startsWith('00') && header.length !== VERSION_00_LENGTH) return undefined;
  const [traceId, spanId] = [header.slice(3, 35), header.slice(36, 52)];
  if (traceId === INVALID_TRACEID || spanId === INVALID_SPANID) return undefined;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(header.slice(53, 55), 16) & KNOWN_FLAGS,
    isRemote: true,
  };
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
  const header = single(headers['traceparent']);
  if (header === undefined) return undefined;
  const parent = parseTraceparent(header) ?? parseTraceparent(header.replaceAll(OUTER_SPACE, ''));
  if (parent === undefined) return undefined;
  const state = joined(headers['tracestate']);
  const traceState = state === undefined ? undefined : parseTracestate(state);
  return traceState === undefined ? parent : { ...parent, traceState };
}

/** A header that may come once. */
function single(value: unknown): string | undefined {
  const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return typeof one === 'string' ? one : undefined;
}

/** A header whose values make one list. */
function joined(value: unknown): string | undefined {
  if (Array.isArray(value))
    return value.every((each) => typeof each === 'string') ? value.join(',') : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** The headers that carry `span` on. */
export function headersOf(span: SpanContext): TraceHeaders {
  const traceparent = formatTraceparent(span);
  const tracestate = span.traceState?.serialize() ?? '';
  return tracestate === '' ? { traceparent } : { traceparent, tracestate };
}

export const isSampled = ({ traceFlags }: SpanContext): boolean => (traceFlags & SAMPLED) !== 0;
