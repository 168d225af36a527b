import { isDeepStrictEqual } from 'node:util';
import type { LatencyCounts, StatsSample } from './version-stats.ts';

/** What was added between two samples. After a restart all that the later one has. */
export function increaseOf(from: StatsSample, to: StatsSample): StatsSample {
  return hasRestarted(from, to) ? to : combine(to, from, (later, earlier) => later - earlier);
}

/** What both have together. Of latencies in other buckets only the later one counts. */
export function together(one: StatsSample, later: StatsSample): StatsSample {
  return combine(later, one, (a, b) => a + b);
}

/** Whether a counter fell, or latencies are counted in other buckets: in both cases the process is another one. */
function hasRestarted(from: StatsSample, to: StatsSample): boolean {
  return (
    to.requests < from.requests ||
    to.errors < from.errors ||
    hasLatencyRestarted(from.latency, to.latency) ||
    Object.entries(from.custom ?? {}).some(
      ([name, { count }]) => !((to.custom?.[name]?.count ?? -1) >= count),
    )
  );
}

function hasLatencyRestarted(from: LatencyCounts | undefined, to: LatencyCounts | undefined): boolean {
  if (from === undefined) return false;
  if (to === undefined || !isDeepStrictEqual(from.upperBounds, to.upperBounds)) return true;
  return to.cumulativeCounts.some((count, at) => count < (from.cumulativeCounts[at] ?? 0));
}

type Combine = (of: number, and: number) => number;

/** `base` with the numbers of `other` worked in. */
function combine(base: StatsSample, other: StatsSample, fn: Combine): StatsSample {
  const { latency, custom } = base;
  return {
    requests: fn(base.requests, other.requests),
    errors: fn(base.errors, other.errors),
    ...(latency === undefined ? {} : { latency: combineLatency(latency, other.latency, fn) }),
    ...(custom === undefined ? {} : { custom: combineCustom(custom, other.custom ?? {}, fn) }),
  };
}

function combineLatency(base: LatencyCounts, other: LatencyCounts | undefined, fn: Combine): LatencyCounts {
  if (other === undefined || !isDeepStrictEqual(base.upperBounds, other.upperBounds)) return base;
  return {
    upperBounds: base.upperBounds,
    cumulativeCounts: base.cumulativeCounts.map((count, at) => fn(count, other.cumulativeCounts[at] ?? 0)),
    sumSeconds: fn(base.sumSeconds, other.sumSeconds),
  };
}

type Custom = NonNullable<StatsSample['custom']>;

function combineCustom(base: Custom, other: Custom, fn: Combine): Custom {
  return Object.fromEntries(
    Object.entries(base).map(([name, { sum, count }]) => {
      const more = Object.hasOwn(other, name) ? other[name] : undefined;
      return [name, { sum: fn(sum, more?.sum ?? 0), count: fn(count, more?.count ?? 0) }];
    }),
  );
}
