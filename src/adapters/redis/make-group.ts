import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/message-of.ts';
import type { Logger } from '../../telemetry/index.ts';
import { notNow, replyCode, unavailable } from './redis-failure.ts';
import type { RedisLink } from './redis-link.ts';

export interface MakeGroupDeps {
  readonly clock: Clock;
  readonly link: RedisLink;
  readonly logger: Logger;
  /** The subscription stops. */
  readonly signal: AbortSignal;
}

const RETRY_MS = 200;

/** Makes a group as soon as the server can: rejects when it never will, or `signal` aborts. */
export async function makeGroup(
  group: string,
  make: () => Promise<void>,
  { clock, link, logger, signal }: MakeGroupDeps,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await make();
      return;
    } catch (error) {
      if (replyCode(error) !== undefined && notNow(error) === undefined) {
        logger.error({ group, error }, 'the group cannot be made');
        throw unavailable(`${group}: ${messageOf(error)}`);
      }
      if (link.isConnected) logger.debug({ group, error }, 'the group could not be made yet');
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }
  throw unavailable(`${group}: stopped before the group was there`);
}
