import type { Usage } from './check/evidence.ts';
import type { ClusterProcess } from './cluster-process.ts';
import { liveHeapMb } from './live-heap.ts';
import { openFilesOf } from './process-facts.ts';

const EVERY_MS = 1_000;

interface Watched {
  readonly name: string;
  readonly pid: number;
  readonly startedMs: number;
  readonly samples: { ageMs: number; heapMb: number; files: number }[];
}

/** Looks at every process of a cluster once in a while. */
export class UsageWatch {
  readonly #cluster: ClusterProcess;
  readonly #watched = new Map<number, Watched>();
  readonly #timer: NodeJS.Timeout;

  constructor(cluster: ClusterProcess) {
    this.#cluster = cluster;
    this.#timer = setInterval(() => {
      this.#look();
    }, EVERY_MS);
  }

  /** @returns what was seen */
  stop(): readonly Usage[] {
    clearInterval(this.#timer);
    return [...this.#watched.values()];
  }

  #look(): void {
    const nowMs = performance.now();
    for (const { event, pid, child = '' } of this.#cluster.events) {
      if (event !== 'started' || pid === undefined) continue;
      const [heapMb, files] = [liveHeapMb(this.#cluster.heaps, pid), openFilesOf(pid)];
      if (files === undefined) continue;
      const one = this.#watched.get(pid) ?? { name: child, pid, startedMs: nowMs, samples: [] };
      this.#watched.set(pid, one);
      if (heapMb !== undefined) one.samples.push({ ageMs: nowMs - one.startedMs, heapMb, files });
    }
  }
}
