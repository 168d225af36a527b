import type { BusEvent } from '../bus-event.ts';
import type { PublishReceipt } from '../event-bus.ts';
import type { DedupeWindow } from './dedupe-window.ts';

/** Events whose id a caller gave: which of them a topic has had, those on their way to disk included. */
export class GivenIds {
  readonly #window: DedupeWindow;
  readonly #onDuplicate: () => void;
  /** On their way to disk, by source and id. */
  readonly #writing = new Map<string, Promise<PublishReceipt>>();

  constructor(window: DedupeWindow, onDuplicate: () => void) {
    this.#window = window;
    this.#onDuplicate = onDuplicate;
  }

  /**
   * What becomes of one that the topic has had; rejects where it could not be written.
   *
   * @param seq of the next event of the topic
   */
  known(event: BusEvent, seq: number): Promise<PublishReceipt> | undefined {
    const { source, id } = event;
    if (!this.#window.has(source, id, seq)) return undefined;
    const duplicate = (): PublishReceipt => {
      this.#onDuplicate();
      return { outcome: 'duplicate', id };
    };
    return this.#writing.get(identityOf(event))?.then(duplicate) ?? Promise.resolve(duplicate());
  }

  add({ source, id }: BusEvent, seq: number): void {
    this.#window.add(source, id, seq);
  }

  /** It was not written after all. */
  remove({ source, id }: BusEvent): void {
    this.#window.remove(source, id);
  }

  /** Until it is on disk, the same event waits for what becomes of it. */
  writing(event: BusEvent, written: Promise<PublishReceipt>): void {
    const identity = identityOf(event);
    this.#writing.set(identity, written);
    const over = (): unknown => this.#writing.delete(identity);
    written.then(over, over);
  }
}

/** Neither part has blanks. */
const identityOf = ({ source, id }: BusEvent): string => `${source} ${id}`;
