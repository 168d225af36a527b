import { SystemClock } from '../../../src/core/clock.ts';
import { EmbeddedEventBus, type EmbeddedEventBusOptions, type EventBus } from '../../../src/events/index.ts';
import { type EventBusUnderTest, contractCatalogue } from '../../../src/testing/index.ts';
import { type BusStorage, MortalStorage } from './mortal-storage.ts';

const clock = new SystemClock();

/** Opens a bus for the cases of the contract. */
const openEmbedded = (options: EmbeddedEventBusOptions = {}, storage?: BusStorage): Promise<EventBus> =>
  EmbeddedEventBus.open(
    { source: '/contract', cursorEveryMs: 20, ...options },
    { clock, catalogue: contractCatalogue, ...(storage && { storage }) },
  );

/** In memory. */
export async function memorySubject(): Promise<EventBusUnderTest> {
  const buses = [await openEmbedded()];
  const [bus] = buses as [EventBus];
  return {
    bus,
    policies: ['block', 'drop-oldest', 'drop-newest'],
    async openFull(policy, room) {
      const full = await openEmbedded({ overflow: { policy, maxUnhandled: room } });
      buses.push(full);
      return { bus: full };
    },
    async dispose() {
      for (const each of buses) await each.close(10);
    },
  };
}

/** As the bus writes it to the log of a topic: the event, or the text of what is none, and when it was taken. */
interface Line {
  readonly e: unknown;
}

/** Between two lives of a durable bus, which may change what it left behind. */
export interface DurableSubjectDeps {
  readonly medium?: MortalStorage;
  /** What becomes of a bus before it is used. */
  readonly wrap?: (bus: EventBus) => EventBus;
  /** Called after a death. */
  readonly onCrash?: (medium: MortalStorage) => void | Promise<void>;
  readonly options?: EmbeddedEventBusOptions;
}

/** With all that it keeps on disk. */
export async function durableSubject(deps: DurableSubjectDeps = {}): Promise<EventBusUnderTest> {
  const { medium = new MortalStorage(), wrap = (each: EventBus) => each, onCrash, options } = deps;
  const open = async (): Promise<EventBus> => wrap(await openEmbedded(options, medium.open()));
  const full: EventBus[] = [];
  let bus: EventBus = await open();
  const reopen = async () => {
    await bus.close(10);
    bus = await open();
    return bus;
  };
  return {
    bus,
    reopen,
    readRaw: (topic) =>
      Promise.resolve(
        medium.durable(topic).map(({ record }) => JSON.stringify((record as unknown as Line).e)),
      ),
    async writeRaw(topic, text) {
      await bus.close(10);
      medium.rewrite(topic, (entries) => [
        ...entries,
        { seq: (entries.at(-1)?.seq ?? 0) + 1, record: { t: clock.nowMs(), x: text } },
      ]);
      bus = await open();
      return bus;
    },
    async crash() {
      medium.crash();
      void bus.close(0).catch(() => undefined);
      await onCrash?.(medium);
      bus = await open();
      return bus;
    },
    policies: ['block', 'drop-oldest', 'drop-newest', 'spill'],
    async openFull(policy, room) {
      const storage = new MortalStorage().open();
      const opened = await openEmbedded({ overflow: { policy, maxUnhandled: room } }, storage);
      full.push(opened);
      return { bus: opened };
    },
    async dispose() {
      for (const each of [bus, ...full]) await each.close(10);
    },
  };
}
