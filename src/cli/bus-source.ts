import { PortcullisError } from '../core/errors.ts';
import type { EventBus, EventType } from '../events/index.ts';
import type { EventQuery, EventSource, LetterChange, OnEvent } from './events-source.ts';

/** What a bus does for a command, but for recording and closing. */
export type BusReading = Pick<EventSource, 'read' | 'letters' | 'change'>;

export const busReading = (bus: EventBus): BusReading => ({
  read: (query, onEvent) => read(bus, query, onEvent),
  letters: (filter) => bus.deadLetters.list(filter),
  change: ({ verb, letterIds }: LetterChange) => bus.deadLetters[verb](letterIds),
});

async function read(bus: EventBus, query: EventQuery, onEvent: OnEvent): Promise<number> {
  const { from, follow, signal } = query;
  const replay = bus.replay(
    chosen(bus, query),
    (event, { position }) => {
      if (!signal.aborted) onEvent(event, position);
    },
    { from, follow, maxAttempts: 1 },
  );
  const stop = (): void => {
    void replay.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const { failed, complete } = await replay.done;
    return complete || signal.aborted ? failed : Math.max(1, failed);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function chosen({ catalogue }: EventBus, { types: names, topic }: EventQuery): readonly EventType[] {
  for (const name of names ?? []) {
    if (catalogue.get(name) !== undefined) continue;
    throw invalid(`types: ${name}: expected some of ${catalogue.types.map(({ type }) => type).join(', ')}`);
  }
  if (topic !== undefined && !catalogue.topics.includes(topic))
    throw invalid(`topic: ${topic}: expected one of ${catalogue.topics.join(', ')}`);
  const found = catalogue.types.filter(
    (each) =>
      (names === undefined || names.includes(each.type)) && (topic === undefined || each.topic === topic),
  );
  if (found.length > 0) return found;
  throw invalid('types: expected types of the topic');
}

const invalid = (message: string): PortcullisError =>
  new PortcullisError('INPUT_INVALID', `events: ${message}`);
