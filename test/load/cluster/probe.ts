/**
 * Loaded before the program of each process that is measured. Writes a line each second: what it has used, how late its event
 * loop was, and how old order events were when they reached a group of it. SIGUSR2 begins and ends a profile.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Histogram, type PackedHistogram } from '../measure/histogram.ts';

/** One second of a process. */
export interface ProbeLine {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly rssMb: number;
  /** Lateness of the event loop. */
  readonly loop: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  /** By group: age of order events on arrival. */
  readonly groups: Readonly<Record<string, PackedHistogram>>;
}

const EVERY_MS = 1_000;
const RESOLUTION_MS = 10;
const file = process.env['LOAD_PROBE'];

if (file !== undefined) {
  const groups = new Map<string, Histogram>();
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  const late = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  setInterval(() => {
    const { user, system } = process.cpuUsage();
    const line: ProbeLine = {
      atMs: Date.now(),
      cpuMs: (user + system) / 1_000,
      rssMb: process.memoryUsage.rss() / 2 ** 20,
      loop: { p50Ms: late(loop.percentile(50)), p99Ms: late(loop.percentile(99)), maxMs: late(loop.max) },
      groups: Object.fromEntries([...groups].map(([name, histogram]) => [name, histogram.pack()])),
    };
    loop.reset();
    groups.clear();
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  }, EVERY_MS).unref();
  profileOnDemand(`${file}.cpuprofile`);
  if (process.env['LOAD_PROBE_GROUPS'] !== undefined) await watchGroups(groups);
}

function profileOnDemand(path: string): void {
  let session: Session | undefined;
  process.on('SIGUSR2', () => {
    if (session === undefined) {
      session = new Session();
      session.connect();
      session.post('Profiler.enable');
      session.post('Profiler.start');
      return;
    }
    const ending = session;
    session = undefined;
    ending.post('Profiler.stop', (error, { profile } = {} as never) => {
      writeFileSync(path, JSON.stringify(error === null ? profile : { nodes: [] }));
      ending.disconnect();
    });
  });
}

/** Stands between the bus and the handlers of the process. */
async function watchGroups(groups: Map<string, Histogram>): Promise<void> {
  const { RedisEventBus } = await import('portcullis/adapters/redis');
  type Handler = (event: { readonly type: string; readonly time: string }, delivery: unknown) => unknown;
  const { prototype } = RedisEventBus as unknown as {
    prototype: { subscribe: (group: string, types: unknown, handler: Handler, options?: unknown) => unknown };
  };
  const { subscribe } = prototype;
  prototype.subscribe = function (group, types, handler, options) {
    const seen: Handler = (event, delivery) => {
      if (event.type.startsWith('order.')) {
        const histogram = groups.get(group) ?? new Histogram();
        groups.set(group, histogram);
        histogram.add(performance.timeOrigin + performance.now() - Date.parse(event.time));
      }
      return handler(event, delivery);
    };
    return subscribe.call(this, group, types, seen, options);
  };
}
