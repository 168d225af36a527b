/**
 * One event as it travels and as it is kept: the attributes of CloudEvents 1.0.2, its extensions for partitioning and
 * distributed tracing, and two of ours (`dataversion`, `correlationid`). `JSON.stringify` of it is CloudEvents' JSON format;
 * an attribute that is `undefined` is not there.
 */
export interface BusEvent<D = unknown> {
  readonly specversion: '1.0';
  /** With `source` the identity of the event: the same two are the same event, however often it comes. */
  readonly id: string;
  /** Who says so, a URI reference: `/desk/paper`. */
  readonly source: string;
  /** Lower-case words with dots, past tense: `order.executed`. */
  readonly type: string;
  /** Version of the schema that `data` follows, from 1. */
  readonly dataversion: number;
  /** When it happened, RFC 3339 in UTC with milliseconds. */
  readonly time: string;
  /** What it is about: an instrument, an order. */
  readonly subject?: string | undefined;
  /** Events with the same one keep their order. Left out where it is the subject. */
  readonly partitionkey?: string | undefined;
  /** W3C Trace Context of whoever published it. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  /** The id that its log lines carry. */
  readonly correlationid?: string | undefined;
  readonly data: D;
}

/** What keeps its order: the partition key, else the subject, else all events of the topic that have neither. */
export const orderingKey = ({ partitionkey, subject }: BusEvent): string => partitionkey ?? subject ?? '';
