import type { Clock } from '../../core/clock.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { OpenedStorage } from './embedded-storage.ts';
import type { Topic } from './topic.ts';

interface LeaveDeps {
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger | undefined;
  readonly timeoutMs: number;
}

/** Leaves the storage as a closed bus does, unless it does not answer in time. Never rejects. */
export async function leaveStorage(
  { saved, disks }: OpenedStorage,
  topics: ReadonlyMap<string, Topic>,
  { clock, logger, timeoutMs }: LeaveDeps,
): Promise<void> {
  saved.stop();
  const late = new AbortController();
  const leave = async (): Promise<void> => {
    for (const disk of disks.values()) await disk.close();
    await saved.save(topics.values());
    await saved.unmark();
    for (const topic of topics.values()) await topic.letGo();
  };
  const left = leave().catch((error: unknown) => {
    logger?.error({ err: error }, 'the bus was closed, and its state not saved');
  });
  await Promise.race([left, clock.sleep(timeoutMs, late.signal).catch(() => undefined)]);
  late.abort(new Error('closed'));
  saved.end();
}
