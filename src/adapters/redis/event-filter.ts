import type { BusEvent, EventCatalogue, EventType, ReadEvent } from '../../events/index.ts';

/** What an entry of a stream is for a group. */
export type Sorted =
  | { readonly kind: 'event'; readonly event: BusEvent }
  | Extract<ReadEvent, { kind: 'flaw' }>
  | { readonly kind: 'unwanted' };

const UNWANTED = { kind: 'unwanted' } as const;

/** Sorts the events of a topic for a group that reads some of the types. */
export class EventFilter {
  readonly #catalogue: EventCatalogue;
  readonly #types: ReadonlySet<string>;
  readonly topics: readonly string[];

  constructor(catalogue: EventCatalogue, types: readonly EventType[]) {
    this.#catalogue = catalogue;
    this.#types = new Set(types.map(({ type }) => type));
    this.topics = [...new Set(types.map(({ topic }) => topic))];
  }

  sort(text: string): Sorted {
    const read = this.#catalogue.read(text);
    if (read.kind === 'event') return this.#types.has(read.event.type) ? read : UNWANTED;
    return this.#concerns(text) ? read : UNWANTED;
  }

  /** A flaw is every group's business unless the envelope is whole and of a type that this one does not read. */
  #concerns(text: string): boolean {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return true;
    }
    if (typeof value !== 'object' || value === null || !('type' in value)) return true;
    const { type } = value;
    if (typeof type !== 'string' || this.#catalogue.get(type) === undefined || this.#types.has(type))
      return true;
    // With a type that nobody knows, all that can be said of it is whether its envelope is whole.
    const envelope = this.#catalogue.read(JSON.stringify({ ...value, type: '?' }));
    return envelope.kind === 'flaw' && envelope.reason === 'INVALID';
  }
}
