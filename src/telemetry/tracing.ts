import {
  type Attributes,
  type Context,
  INVALID_SPAN_CONTEXT,
  INVALID_TRACEID,
  ProxyTracer,
  type Span,
  type SpanContext,
  SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { currentContext, currentCorrelationId } from './tracing-scope.ts';
import { StartedSpan } from './tracing-started.ts';

const NAME = 'portcullis';
const VERSION = '0.1.0';

const NO_SPAN: Span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

export interface TracingDeps {
  /** Default: the tracer `portcullis` of whichever SDK is registered, before or after the first span. */
  readonly tracer?: Tracer;
}

export interface TraceOptions {
  readonly attributes?: Attributes;
  /** Default: `internal`. */
  readonly kind?: keyof typeof KINDS;
  /**
   * The span of the caller, as `traceParentOf` reads it from headers. Default: the span at hand, which also wins if it
   * belongs to the same trace, since then other instrumentation has read the headers before.
   */
  readonly parent?: SpanContext | undefined;
  /** Entered together with the span, in one step. Default: the one at hand. */
  readonly correlationId?: string | undefined;
}

/**
 * Spans over the OpenTelemetry API. Which SDK records them, if any, is the user's choice: without one, `span` calls its
 * function and does little else, and trace ids that came in still reach logs and outgoing headers.
 */
export class Tracing {
  #tracer: Tracer | undefined;

  constructor({ tracer }: TracingDeps = {}) {
    this.#tracer = tracer;
  }

  /**
   * Runs `fn` in a span that is a child of the one at hand, and returns what it returns: a value at once, a promise as a
   * promise. The span ends when the value is there or the promise has settled; what `fn` throws is recorded and thrown on.
   */
  span<T>(name: string, options: TraceOptions, fn: (span: Span) => T): T {
    const around = currentContext();
    const parent = parentContext(around, options.parent);
    const span = this.#open(name, options, parent);
    const inner = innerContext(parent, span);
    const here = currentCorrelationId();
    const correlationId = options.correlationId ?? here;
    if (!span.isRecording()) {
      if (inner === around && correlationId === here) return fn(span);
      return new StartedSpan(span, inner, correlationId).run(() => fn(span));
    }
    return runToEnd(new StartedSpan(span, inner, correlationId), fn);
  }

  /** Opens a span that the caller ends: for work that is spread over several callbacks. Where one function holds it, use `span`. */
  start(name: string, options: TraceOptions = {}): StartedSpan {
    const parent = parentContext(currentContext(), options.parent);
    const span = this.#open(name, options, parent);
    return new StartedSpan(span, innerContext(parent, span), options.correlationId ?? currentCorrelationId());
  }

  #open(name: string, { kind = 'internal', attributes }: TraceOptions, parent: Context): Span {
    const tracer = this.#tracer ?? this.#registered();
    if (tracer === undefined) return standIn(parent);
    const options = attributes === undefined ? { kind: KINDS[kind] } : { kind: KINDS[kind], attributes };
    try {
      return tracer.startSpan(name, options, parent);
    } catch {
      // A tracer that breaks costs its span and nothing else.
      return NO_SPAN;
    }
  }

  /** The tracer of the registered SDK, kept from then on. As long as there is none, the API gives a placeholder. */
  #registered(): Tracer | undefined {
    const tracer = trace.getTracer(NAME, VERSION);
    if (!(tracer instanceof ProxyTracer)) this.#tracer = tracer;
    return this.#tracer;
  }
}

function runToEnd<T>(started: StartedSpan, fn: (span: Span) => T): T {
  try {
    const result = started.run(() => fn(started.span));
    if (!isThenable(result)) {
      started.end();
      return result;
    }
    return result.then(
      (value) => {
        started.end();
        return value;
      },
      (error: unknown) => {
        started.fail(error);
        throw error;
      },
    ) as T;
  } catch (error) {
    started.fail(error);
    throw error;
  }
}

/** Has the ids of the span at hand and is nobody's to end. */
function standIn(parent: Context): Span {
  const ids = trace.getSpanContext(parent);
  return ids === undefined ? NO_SPAN : trace.wrapSpanContext(ids);
}

function parentContext(around: Context, parent: SpanContext | undefined): Context {
  if (parent === undefined || parent.traceId === INVALID_TRACEID) return around;
  if (trace.getSpanContext(around)?.traceId === parent.traceId) return around;
  return trace.setSpanContext(around, parent);
}

/** What `fn` runs in: the context of the parent, unless the tracer has made a span of its own, recorded or not. */
function innerContext(parent: Context, span: Span): Context {
  const made = span.spanContext();
  if (made.traceId === INVALID_TRACEID || made === trace.getSpanContext(parent)) return parent;
  return trace.setSpan(parent, span);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
