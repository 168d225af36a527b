import { ManualClock } from '../../../src/core/index.ts';
import {
  type RollbackAction,
  type RollbackTriggerOptions,
  RollbackWatch,
  type RollbackWatchDeps,
  type RollbackWatchOptions,
  type StatsSample,
  type VersionStats,
} from '../../../src/service/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { ListedAudit, listedLogger } from '../flags/support.ts';

export const START_MS = Date.parse('2026-03-01T00:00:00Z');

/** Counters that a test turns by hand. */
export class TurnedStats implements VersionStats {
  now: StatsSample | undefined = { requests: 0, errors: 0 };
  asked = 0;

  add(requests: number, errors: number): void {
    this.now = { requests: (this.now?.requests ?? 0) + requests, errors: (this.now?.errors ?? 0) + errors };
  }

  sample(): StatsSample | undefined {
    this.asked += 1;
    return this.now;
  }
}

/** An error ratio above 5 % on 20 requests or more, twice of three. */
export const trigger = (overrides: Partial<RollbackTriggerOptions> = {}): RollbackTriggerOptions => ({
  name: 'errors',
  measure: { kind: 'error-ratio' },
  against: { to: 'limit', limit: 0.05 },
  failures: 2,
  of: 3,
  ...overrides,
});

export interface WatchWorld {
  readonly clock: ManualClock;
  readonly stats: TurnedStats;
  readonly audit: ListedAudit;
  readonly registry: MetricsRegistry;
  readonly lines: string[];
  readonly ran: string[];
  readonly watch: RollbackWatch;
}

/** Advances the clock a minute and checks, after adding to the counters. */
export async function minute({ clock, stats, watch }: WatchWorld, requests: number, errors: number) {
  clock.advance(60_000);
  stats.add(requests, errors);
  return watch.check();
}

export function watchWorld(
  options: Partial<RollbackWatchOptions> = {},
  deps: Partial<RollbackWatchDeps> = {},
): WatchWorld {
  const clock = new ManualClock(START_MS);
  const stats = new TurnedStats();
  const audit = new ListedAudit();
  const registry = new MetricsRegistry();
  const { lines, logger } = listedLogger();
  const ran: string[] = [];
  const record: RollbackAction = { name: 'hook', run: ({ trigger: name }) => void ran.push(name) };
  const watch = new RollbackWatch(
    { version: '1.4.0', triggers: [trigger()], warmUpMs: 0, ...options },
    { clock, stats, audit, actions: [record], metrics: registry, logger, ...deps },
  );
  return { clock, stats, audit, registry, lines, ran, watch };
}

/** The same, with the counters looked at once, so that what is added from here on counts. */
export async function watching(...args: Parameters<typeof watchWorld>): Promise<WatchWorld> {
  const world = watchWorld(...args);
  await world.watch.check();
  return world;
}
