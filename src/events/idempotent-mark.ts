import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { parseInput } from '../core/options.ts';
import type { StateStore } from '../storage/index.ts';
import type { BusEvent } from './bus-event.ts';
import { type DeliveryContext } from './event-bus.ts';
import { deadLetter } from './dead-letter.ts';

/** What a store knows of an event. */
const markSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('claimed') }),
  z.strictObject({ state: z.literal('done') }),
  z.strictObject({
    state: z.literal('refused'),
    reason: z.string(),
    topic: z.string(),
    position: z.string(),
  }),
]);

export type EventMark = z.output<typeof markSchema>;

const CLAIMED: EventMark = { state: 'claimed' };

/** The most that a key of a store may have. */
const LONGEST_KEY = 256;

/** Readable where it is short enough. */
export function markKey(name: string, { source, id }: BusEvent): string {
  const prefix = `handled:${name}:`;
  if (source.isWellFormed() && id.isWellFormed()) {
    const key = `${prefix}${encodeURIComponent(source)}:${encodeURIComponent(id)}`;
    if (key.length <= LONGEST_KEY) return key;
  }
  return `${prefix}${createHash('sha256')
    .update(JSON.stringify([source, id]))
    .digest('hex')}`;
}

interface ClaimDeps {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly key: string;
  readonly claimMs: number;
  readonly delivery: DeliveryContext;
}

/** How long until it is looked again whether another one is done. */
const POLL_MS = 100;

/** Claims an event, or tells what became of it. Waits for another one that has claimed it, until the delivery's signal aborts. */
export async function claimEvent(
  deps: ClaimDeps,
): Promise<
  { readonly kind: 'handled'; readonly result: unknown } | { readonly kind: 'ours'; readonly claim: Claim }
> {
  const { store, clock, key, claimMs, delivery } = deps;
  for (;;) {
    const entry = await store.get(key);
    const mark = entry && parseInput(`state ${key}`, markSchema, entry.value);
    if (mark?.state === 'done') return { kind: 'handled', result: undefined };
    if (mark?.state === 'claimed') {
      await clock.sleep(POLL_MS, delivery.signal);
      continue;
    }
    if (mark?.topic === delivery.topic && mark.position === delivery.position) {
      return { kind: 'handled', result: deadLetter(mark.reason) };
    }
    const set = await store.set(key, CLAIMED, { ttlMs: claimMs, ifVersion: entry?.version ?? 0 });
    if (set.outcome === 'written') return { kind: 'ours', claim: new Claim(deps, set.version) };
  }
}

/** An event that is ours, until it is marked or given back. Renewed as long as the attempt counts. */
class Claim {
  readonly #deps: ClaimDeps;
  readonly #renewals: Disposable;
  #version: number;
  #renewal: Promise<void> | undefined;

  constructor(deps: ClaimDeps, version: number) {
    this.#deps = deps;
    this.#version = version;
    this.#renewals = deps.clock.every(deps.claimMs / 3, () => {
      if (!deps.delivery.signal.aborted) this.#renewal ??= this.#renew();
    });
  }

  /** Another one may have it at once. Where the store does not say so, the claim lapses. */
  async giveBack(): Promise<void> {
    await this.#rest();
    const { store, key } = this.#deps;
    await store.delete(key, { ifVersion: this.#version }).catch(() => undefined);
  }

  /** Handled, even if the claim has lapsed and is another one's, or the handler has written its mark: it has happened. */
  async mark(mark: EventMark, ttlMs: number): Promise<void> {
    await this.#rest();
    const { store, key } = this.#deps;
    const set = await store.set(key, mark, { ttlMs, ifVersion: this.#version });
    if (set.outcome === 'conflict' && mark.state === 'done') await store.set(key, mark, { ttlMs });
  }

  async #renew(): Promise<void> {
    const { store, key, claimMs } = this.#deps;
    try {
      const set = await store.set(key, CLAIMED, { ttlMs: claimMs, ifVersion: this.#version });
      if (set.outcome === 'written') this.#version = set.version;
    } catch {
      // Tried again; it lapses if that fails as well.
    }
    this.#renewal = undefined;
  }

  async #rest(): Promise<void> {
    this.#renewals[Symbol.dispose]();
    await this.#renewal;
  }
}
