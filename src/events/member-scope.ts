import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { correlation } from '../telemetry/correlation.ts';
import { traceParentOf } from '../telemetry/trace-context.ts';
import { currentContext, currentCorrelationId, runInContext } from '../telemetry/tracing-scope.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { BusEvent } from './bus-event.ts';
import type { EventHandler } from './event-bus.ts';
import { isDeadLetter } from './dead-letter.ts';
import { isThenable } from './handler-result.ts';
import type { Attempt } from './member-attempt.ts';

/**
 * Calls a handler, and notes with the attempt how that has gone: a promise, or how it has ended.
 *
 * @returns what the handler returned or threw
 */
export function callHandler(
  handler: EventHandler,
  event: BusEvent,
  attempt: Attempt,
  tracing: Tracing | undefined,
): unknown {
  try {
    const value = callInScope(handler, event, attempt, tracing);
    if (isThenable(value)) attempt.promise = Promise.resolve(value);
    else if (isDeadLetter(value)) attempt.outcome = 'dead';
    return value;
  } catch (error) {
    attempt.outcome = 'failed';
    return error;
  }
}

/**
 * Under the correlation id and the trace of its event, and under neither where the event carries none, whatever the caller
 * runs under. An id that is not fit for logs and headers is left out.
 */
function callInScope(
  handler: EventHandler,
  event: BusEvent,
  attempt: Attempt,
  tracing: Tracing | undefined,
): unknown {
  if (
    tracing === undefined &&
    event.traceparent === undefined &&
    event.correlationid === currentCorrelationId() &&
    currentContext() === ROOT_CONTEXT
  ) {
    return handler(event, attempt);
  }
  const { correlationid, traceparent, tracestate } = event;
  const parent = traceparent === undefined ? undefined : traceParentOf({ traceparent, tracestate });
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  const correlationId = correlation.isValid(correlationid) ? correlationid : undefined;
  return runInContext(correlationId, context, () => {
    if (tracing === undefined) return handler(event, attempt);
    const span = tracing.start(`process ${attempt.topic}`, {
      kind: 'consumer',
      attributes: about(event, attempt),
    });
    attempt.span = span;
    return span.run(() => handler(event, attempt));
  });
}

/** OpenTelemetry's attributes for messaging and for CloudEvents. */
const about = (
  event: BusEvent,
  { group, topic, position, attempt }: Attempt,
): Record<string, string | number> => ({
  'messaging.system': 'portcullis',
  'messaging.operation.type': 'process',
  'messaging.operation.name': 'process',
  'messaging.destination.name': topic,
  'messaging.consumer.group.name': group,
  'messaging.message.id': event.id,
  'portcullis.bus.position': position,
  'portcullis.bus.attempt': attempt,
  'cloudevents.event_id': event.id,
  'cloudevents.event_source': event.source,
  'cloudevents.event_spec_version': event.specversion,
  'cloudevents.event_type': event.type,
  ...(event.subject === undefined ? {} : { 'cloudevents.event_subject': event.subject }),
});
