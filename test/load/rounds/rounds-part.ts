import { randomBytes } from 'node:crypto';
import { SupervisedCluster } from '../cluster/supervised-cluster.ts';
import { instrumentIds } from '../cluster/system-config.ts';
import { OrderRequests } from '../generator/order-request.ts';
import type { Ground } from '../ground.ts';
import { type Distribution, distributionsOf } from '../measure/distribution.ts';
import { type LoadOptions, leaseOf } from '../options.ts';
import { setAnnouncements } from './announcements.ts';
import { PROPAGATION_PARTS, type Propagation, propagationRound } from './propagation.ts';
import { TAKEOVER_PARTS, type Takeover, takeoverRound } from './takeover.ts';

/** Rounds of one kind: each of them, and how they are distributed. */
export interface Rounds<K extends string> {
  readonly distributions: Readonly<Record<K, Distribution>>;
  readonly rounds: readonly Readonly<Record<K, number>>[];
  /** Why rounds are missing, one each. */
  readonly failed: readonly string[];
}

export interface RoundsResult {
  readonly takeover?: Rounds<keyof Takeover>;
  /** With announcements, and without them. */
  readonly push?: Rounds<keyof Propagation>;
  readonly poll?: Rounds<keyof Propagation>;
}

/** After so many the rest is left. */
const MOST_FAILURES = 5;

/** Takeovers and trips on one cluster, one after the other. */
export async function roundsPart(
  options: LoadOptions,
  ground: Ground,
  say: (line: string) => void,
): Promise<RoundsResult> {
  const { instruments, parts, rounds: count } = options;
  const directory = await ground.directory();
  const redis = await ground.redis(options.redis);
  const cluster = await SupervisedCluster.start(
    {
      directory,
      instruments,
      redisUrl: redis.url,
      quotesEveryMs: options['quotes-every'],
      lease: leaseOf(options),
    },
    ground.track,
  );
  const orders = new OrderRequests(`rounds-${randomBytes(4).toString('hex')}`, instrumentIds(instruments));
  const many = async <K extends string>(
    name: string,
    wanted: readonly K[],
    round: () => Promise<Readonly<Record<K, number>>>,
  ): Promise<Rounds<K>> => {
    const [done, failed]: [Readonly<Record<K, number>>[], string[]] = [[], []];
    while (done.length + failed.length < count && failed.length < MOST_FAILURES) {
      try {
        const one = await round();
        done.push(one);
        const texts = wanted.map((part) => `${part} ${one[part].toFixed(0)}`);
        say(`  ${name} ${done.length + failed.length}: ${texts.join(', ')} ms`);
      } catch (error) {
        failed.push(String(error));
        say(`  ${name} ${done.length + failed.length}: failed: ${String(error)}`);
      }
    }
    return { distributions: distributionsOf(done, wanted), rounds: done, failed };
  };
  const trips = (name: string) => many(name, PROPAGATION_PARTS, () => propagationRound(cluster, orders));
  const hasTrips = parts.includes('propagation');
  const push = hasTrips ? await trips('trip, announced') : undefined;
  const poll = hasTrips ? await withoutAnnouncements(redis.url, () => trips('trip, looked for')) : undefined;
  const takeover = parts.includes('takeover')
    ? await many('takeover', TAKEOVER_PARTS, () => takeoverRound(cluster, orders))
    : undefined;
  await cluster.stop();
  return { ...(takeover && { takeover }), ...(push && { push }), ...(poll && { poll }) };
}

async function withoutAnnouncements<T>(redisUrl: string, work: () => Promise<T>): Promise<T> {
  await setAnnouncements(redisUrl, false);
  try {
    return await work();
  } finally {
    await setAnnouncements(redisUrl, true);
  }
}
