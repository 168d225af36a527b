import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, INVALID_TRACEID, type SpanContext, context, trace } from '@opentelemetry/api';
import { type TraceHeaders, headersOf, isSampled } from './trace-context.ts';

/** What code runs under. */
interface Scope {
  readonly correlationId: string | undefined;
  /** Without a context manager of an SDK, ours to keep; `undefined` where one keeps it, whose word counts. */
  readonly context: Context | undefined;
}

const storage = new AsyncLocalStorage<Scope>();

/** The ids of the span at hand; without an SDK, those that came in. */
export interface TraceIds {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/** The ids to write beside what is logged, `undefined` where nothing is traced. */
export function traceIds(): TraceIds | undefined {
  const span = currentSpan(storage.getStore());
  return span && { traceId: span.traceId, spanId: span.spanId, sampled: isSampled(span) };
}

/**
 * The headers for an outgoing request. With an SDK they name the span at hand as the parent. Without one the headers that
 * came in go on as they were, parent id included: W3C Trace Context lets a participant that records nothing forward them,
 * and an id made up here would be the parent of spans that no one can find.
 */
export function traceHeaders(): TraceHeaders {
  const span = currentSpan(storage.getStore());
  return span === undefined ? {} : headersOf(span);
}

/** What every log line carries, as far as there is any. */
export function scopeFields(): Record<string, unknown> {
  const scope = storage.getStore();
  const fields: Record<string, unknown> = {};
  if (scope?.correlationId !== undefined) fields['correlationId'] = scope.correlationId;
  const span = currentSpan(scope);
  if (span !== undefined) {
    fields['traceId'] = span.traceId;
    fields['spanId'] = span.spanId;
  }
  return fields;
}

export function currentCorrelationId(): string | undefined {
  return storage.getStore()?.correlationId;
}

export function currentContext(): Context {
  return contextOf(storage.getStore());
}

/** Runs `fn` under `correlationId`, the trace staying what it is. */
export function runCorrelated<T>(correlationId: string, fn: () => T): T {
  const scope = storage.getStore();
  if (scope?.correlationId === correlationId) return fn();
  return storage.run({ correlationId, context: scope?.context }, fn);
}

/** Runs `fn` under both; an SDK's context manager, where there is one, enters the context as well. */
export function runInContext<T>(correlationId: string | undefined, entered: Context, fn: () => T): T {
  return context.with(entered, () => {
    const kept = context.active() === entered ? undefined : entered;
    const scope = storage.getStore();
    if (scope?.correlationId === correlationId && scope?.context === kept) return fn();
    return storage.run({ correlationId, context: kept }, fn);
  });
}

function contextOf(scope: Scope | undefined): Context {
  const active = context.active();
  if (scope?.context === undefined) return active;
  // An SDK that was registered after the scope was entered.
  return trace.getSpan(active) === undefined ? scope.context : active;
}

function currentSpan(scope: Scope | undefined): SpanContext | undefined {
  const span = trace.getSpanContext(contextOf(scope));
  return span === undefined || span.traceId === INVALID_TRACEID ? undefined : span;
}
