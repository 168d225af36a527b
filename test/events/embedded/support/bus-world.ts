import { z } from 'zod';
import { ManualClock } from '../../../../src/core/manual-clock.ts';
import { SeededRandom } from '../../../../src/core/random.ts';
import {
  EmbeddedEventBus,
  type EmbeddedEventBusDeps,
} from '../../../../src/events/embedded/embedded-event-bus.ts';
import type { EmbeddedEventBusOptions } from '../../../../src/events/embedded/embedded-options.ts';
import { EventCatalogue } from '../../../../src/events/event-catalogue.ts';
import { eventType } from '../../../../src/events/event-type.ts';

/** Something that happened to a thing; its events keep their order by thing. */
export const HAPPENED = eventType({
  type: 'thing.happened',
  schema: z.strictObject({ thing: z.string(), n: z.int() }),
  subject: ({ thing }) => thing,
});

/** Of the same topic. */
export const ENDED = eventType({
  type: 'thing.ended',
  schema: z.strictObject({ thing: z.string() }),
  subject: ({ thing }) => thing,
});

/** Of a topic of its own. */
export const NOTED = eventType({
  type: 'note.written',
  schema: z.strictObject({ text: z.string() }),
});

export const CATALOGUE = new EventCatalogue([HAPPENED, ENDED, NOTED]);

export interface BusWorld {
  readonly bus: EmbeddedEventBus;
  readonly clock: ManualClock;
  /** Publishes `n` of a thing, and waits for the receipt. */
  happen(n: number, thing?: string): ReturnType<EmbeddedEventBus['publish']>;
}

export async function openBus(
  options: EmbeddedEventBusOptions = {},
  deps: Partial<EmbeddedEventBusDeps> = {},
): Promise<BusWorld> {
  const clock = new ManualClock(Date.UTC(2026, 0, 2));
  const random = new SeededRandom(7);
  const bus = await EmbeddedEventBus.open(options, {
    ...{ clock, catalogue: CATALOGUE, random: () => random.next() },
    ...deps,
  });
  return { bus, clock, happen: (n, thing = 'a') => bus.publish(HAPPENED, { thing, n }) };
}

/** A handler that notes what it gets. */
export function recorder(): { readonly seen: string[]; readonly handle: (event: { data: unknown }) => void } {
  const seen: string[] = [];
  return {
    seen,
    handle: ({ data }) => {
      const { thing, n } = data as { thing: string; n?: number };
      seen.push(`${thing}${n ?? ''}`);
    },
  };
}

/** A handler whose calls end when they are told to. */
export function gate(): {
  readonly running: string[];
  readonly handle: (event: { data: unknown }) => Promise<void>;
  /** Ends the first call that runs for it. */
  release(name: string): void;
  fail(name: string): void;
} {
  const running: string[] = [];
  const ends: { name: string; resolve: () => void; reject: (error: Error) => void }[] = [];
  const end = (name: string): (typeof ends)[number] => {
    const at = ends.findIndex((each) => each.name === name);
    const [found] = ends.splice(at, at < 0 ? 0 : 1);
    if (found === undefined) throw new Error(`${name} is not running`);
    running.splice(running.indexOf(name), 1);
    return found;
  };
  return {
    running,
    handle: ({ data }) => {
      const { thing, n } = data as { thing: string; n?: number };
      const name = `${thing}${n ?? ''}`;
      running.push(name);
      return new Promise((resolve, reject) => {
        ends.push({ name, resolve, reject });
      });
    },
    release: (name) => {
      end(name).resolve();
    },
    fail: (name) => {
      end(name).reject(new Error(`${name} failed`));
    },
  };
}

/** Lets everything run that can. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new ManualClock().turn();
};
