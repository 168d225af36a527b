import type { LogFields, Logger } from '../telemetry/index.ts';
import type { Delivery } from './delivery.ts';
import type { DeadReason } from './dead-letter.ts';
import type { Entry } from './lane.ts';

/** What a member says of events that it could not get handled. */
export class MemberLog {
  readonly #logger: Logger | undefined;

  constructor(labels: { readonly bus: string; readonly group: string }, logger: Logger | undefined) {
    this.#logger = logger?.child(labels);
  }

  retries(entry: Entry<Delivery>, delayMs: number, error: unknown): void {
    this.#logger?.warn(
      { ...about(entry), delayMs, error },
      'an event could not be handled and is tried again',
    );
  }

  dies(entry: Entry<Delivery>, reason: DeadReason, detail: string): void {
    this.#logger?.error({ ...about(entry), reason, detail }, 'an event goes to the dead letters');
  }

  standsStill(entry: Entry<Delivery>, error: unknown): void {
    this.#logger?.error(
      { ...about(entry), error },
      'a dead letter could not be written; its key stands still',
    );
  }
}

const about = ({ delivery: { event, topic, position }, attempts }: Entry<Delivery>): LogFields => ({
  topic,
  position,
  type: event.type,
  id: event.id,
  attempts,
});
