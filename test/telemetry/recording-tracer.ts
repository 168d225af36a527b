import {
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanOptions,
  type SpanStatus,
  type Tracer,
  trace,
} from '@opentelemetry/api';

/** What became of one span. */
export interface RecordedSpan {
  readonly name: string;
  readonly kind: SpanKind | undefined;
  readonly ids: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly attributes: Attributes;
  readonly exceptions: unknown[];
  status: SpanStatus | undefined;
  ends: number;
}

/** A tracer that records every span, with ids that count up. */
export class RecordingTracer implements Tracer {
  readonly spans: RecordedSpan[] = [];

  startSpan(name: string, options: SpanOptions, context: Context): Span {
    const count = (this.spans.length + 1).toString(16);
    const parent = trace.getSpanContext(context);
    const ids = {
      traceId: parent?.traceId ?? count.padStart(32, 'a'),
      spanId: count.padStart(16, '0'),
      traceFlags: 1,
    };
    const { kind, attributes = {} } = options;
    const record: RecordedSpan = {
      name,
      kind,
      ids,
      parent,
      attributes: { ...attributes },
      exceptions: [],
      status: undefined,
      ends: 0,
    };
    this.spans.push(record);
    return spanOf(record);
  }

  startActiveSpan(): never {
    throw new Error('not used');
  }
}

function spanOf(record: RecordedSpan): Span {
  const span: Span = {
    spanContext: () => record.ids,
    isRecording: () => record.ends === 0,
    setAttribute: (key, value) => span.setAttributes({ [key]: value }),
    setAttributes: (attributes) => {
      Object.assign(record.attributes, attributes);
      return span;
    },
    setStatus: (status) => {
      record.status = status;
      return span;
    },
    recordException: (exception) => void record.exceptions.push(exception),
    end: () => void (record.ends += 1),
    addEvent: () => span,
    addLink: () => span,
    addLinks: () => span,
    updateName: () => span,
  };
  return span;
}
