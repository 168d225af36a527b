import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { idSchema } from '../../core/ids.ts';
import { parseInput } from '../../core/options.ts';
import type { StateStore } from '../../storage/state-store.ts';
import { type StatsSample, statsSampleSchema } from './version-stats.ts';

const schema = z.strictObject({
  formatVersion: z.literal(1),
  version: idSchema,
  /** Wall time, milliseconds since the Unix epoch. */
  recordedAtMs: z.number(),
  stats: statsSampleSchema,
});

/** What a version did while it was well. @interface */
export type Baseline = z.output<typeof schema>;

const keyOf = (version: string): string => `rollback/baseline/${version}`;

/** Baselines by version, durable. Record one while a version is well, such as when its service stops in order. */
export class BaselineStore {
  readonly #state: StateStore;
  readonly #clock: Pick<Clock, 'nowMs'>;

  constructor(deps: { readonly state: StateStore; readonly clock: Pick<Clock, 'nowMs'> }) {
    this.#state = deps.state;
    this.#clock = deps.clock;
  }

  /**
   * Keeps the counters of a version; an earlier baseline of it is replaced. Rejects with `INPUT_INVALID` for what is no sample, and
   * as the store does.
   */
  async record(version: string, stats: StatsSample): Promise<void> {
    const baseline = parseInput('baseline', schema, {
      formatVersion: 1,
      version,
      recordedAtMs: this.#clock.nowMs(),
      stats,
    });
    await this.#state.set(keyOf(version), baseline);
  }

  /** The baseline of a version, if there is one. Rejects with `INPUT_INVALID` for one that is damaged, and as the store does. */
  async find(version: string): Promise<Baseline | undefined> {
    const entry = await this.#state.get(keyOf(parseInput('version', idSchema, version)));
    return entry === undefined ? undefined : parseInput(`baseline of ${version}`, schema, entry.value);
  }
}
