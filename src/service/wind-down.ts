import type { Clock } from '../core/clock.ts';
import type { BackgroundWork } from './background-work.ts';
import type { HttpListeners } from './http/http-listeners.ts';
import type { ServiceHooks } from './service-definition.ts';
import type { ServiceLife } from './service-life.ts';
import type { ServiceSettings } from './service-settings.ts';
import type { StopSequence } from './stop-sequence.ts';

export interface WindDownDeps {
  readonly clock: Clock;
  readonly settings: ServiceSettings;
  readonly life: ServiceLife;
  readonly work: BackgroundWork;
  /** Aborts the signal of the work. */
  readonly endWork: () => void;
  /** Once it listens, or tries to. */
  readonly http: HttpListeners | undefined;
  /** None unless `onStart` was begun. */
  readonly hooks: Pick<ServiceHooks, 'onDrain' | 'onStop'>;
  /** The start, where it is under way and waited for. */
  readonly opening: Promise<void> | undefined;
  /** Whether somebody may still be sending requests: then they are answered for `drainDelayMs`. */
  readonly isDrained: boolean;
}

/** Ends what is under way: with everything still answered, then with no further connections. */
export async function windDown(stop: StopSequence, deps: WindDownDeps): Promise<void> {
  const { clock, life, work, http, hooks, opening } = deps;
  const { drainDelayMs, stopTimeoutMs, closeTimeoutMs } = deps.settings;
  if (opening !== undefined) await stop.run('start', stopTimeoutMs, () => opening.catch(() => undefined));
  const delay = deps.isDrained && drainDelayMs > 0 ? clock.sleep(drainDelayMs) : undefined;
  const { onDrain, onStop } = hooks;
  if (onDrain !== undefined) await stop.run('onDrain', stopTimeoutMs, () => onDrain());
  if (delay !== undefined) await stop.run('drain', Infinity, () => delay);
  life.become('stopping');
  deps.endWork();
  const requests = stop.run(
    'requests',
    stopTimeoutMs,
    () => http?.close(),
    () => http?.cut() ?? 'nothing',
  );
  const working = stop.run(
    'work',
    stopTimeoutMs,
    () => work.idle(),
    () => `${work.count} pieces of work`,
  );
  await Promise.all([requests, working]);
  if (onStop !== undefined) await stop.run('onStop', closeTimeoutMs, () => onStop());
}
