import type { BusEvent } from '../events/index.ts';

/** How the events of a tail are written. */
export interface TailFormat {
  readonly contentType: string;
  /** Sent once the tail has its place, so that the reader knows that it misses nothing from then on, and where it stands. */
  head(cursor: string): string;
  readonly heartbeat: string;
  event(event: BusEvent, cursor: string): string;
  /** What stands behind the last event. */
  end(because: 'complete' | 'stopping', events: number): string;
}

/**
 * Server-Sent Events: `event:` is the type, `id:` where the tail stands, `data:` the CloudEvent in JSON. The last one is named
 * `$end`, which no type can be.
 */
export const serverSentEvents: TailFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  head: (cursor) => `retry: 2000\nid: ${cursor}\n\n`,
  heartbeat: ':\n\n',
  event: (event, cursor) => `event: ${event.type}\nid: ${cursor}\ndata: ${JSON.stringify(event)}\n\n`,
  end: (because, events) => `event: $end\ndata: ${JSON.stringify({ because, events })}\n\n`,
};

/**
 * One CloudEvent in JSON on each line, with where the tail stands as the extension attribute `position`; that the answer ended in
 * order says that it is complete.
 */
export const jsonLines: TailFormat = {
  contentType: 'application/x-ndjson; charset=utf-8',
  head: () => '',
  heartbeat: '',
  event: (event, cursor) => `${JSON.stringify({ ...event, position: cursor })}\n`,
  end: () => '',
};
