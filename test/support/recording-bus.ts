import {
  type EventBus,
  type EventType,
  type PublishOptions,
  type PublishReceipt,
  TRADING_EVENTS,
} from '../../src/events/index.ts';

/** What was published. */
export interface Published {
  readonly type: string;
  readonly data: unknown;
  readonly options?: PublishOptions;
}

/** A bus that checks what it is given as any other does, and keeps it. */
export class RecordingBus implements Pick<EventBus, 'publish'> {
  readonly published: Published[] = [];
  /** What becomes of each publication. Default: it is taken. */
  outcome: () => PublishReceipt | Promise<PublishReceipt> = () => ({
    outcome: 'published',
    id: 'x',
    position: String(this.published.length),
  });

  async publish<D>(type: EventType<D>, data: NoInfer<D>, options?: PublishOptions): Promise<PublishReceipt> {
    if (!TRADING_EVENTS.has(type)) throw new Error(`${type.type} is not in the catalogue`);
    const checked = type.check(data);
    if (!checked.success) throw checked.error;
    // As it would be read: what is not known is not there.
    const read: unknown = JSON.parse(JSON.stringify(checked.data));
    this.published.push({ type: type.type, data: read, ...(options !== undefined && { options }) });
    return this.outcome();
  }

  /** The data of what was published of a type, or of all; and forgets it. */
  take(type?: string): unknown[] {
    const taken = this.published.filter((one) => type === undefined || one.type === type);
    this.published.length = 0;
    return taken.map(({ data }) => data);
  }
}
