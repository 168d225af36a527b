import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { EmbeddedRules } from './embedded-options.ts';
import type { SavedState } from './saved-state.ts';
import type { Topic } from './topic.ts';

/** How often what is too old goes. */
const SWEEP_MS = 1000;
const TRIM_MS = 10_000;

export interface UpkeepDeps {
  readonly clock: Clock;
  readonly topics: ReadonlyMap<string, Topic>;
  readonly logger?: Logger | undefined;
  /** Of a durable bus. */
  readonly saved?: SavedState | undefined;
}

/** What a bus does from time to time: saves where groups are, and lets go of what is too old. */
export function startUpkeep(
  { keepMs, cursorEveryMs }: Pick<EmbeddedRules, 'keepMs' | 'cursorEveryMs'>,
  { clock, topics, logger, saved }: UpkeepDeps,
): readonly Disposable[] {
  const sweep = (): void => {
    for (const topic of topics.values()) topic.sweep();
  };
  const trim = (): void => {
    for (const topic of topics.values())
      topic
        .trim()
        .catch((error: unknown) =>
          logger?.warn({ err: error, topic: topic.name }, 'old events were not removed'),
        );
  };
  if (saved === undefined) return keepMs === undefined ? [] : [clock.every(SWEEP_MS, sweep)];
  const save = (): void => {
    if (!saved.isBusy) saved.save(topics.values()).catch(() => undefined); // its status says so
  };
  return [clock.every(cursorEveryMs, save), clock.every(TRIM_MS, trim)];
}
