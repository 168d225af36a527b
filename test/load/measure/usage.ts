import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import type { ProbeLine } from '../cluster/probe.ts';
import { Histogram } from './histogram.ts';

/** What a process used in a stretch of time. */
export interface ProcessUsage {
  readonly name: string;
  /** Of one core. */
  readonly cpuFraction: number;
  /** The highest. */
  readonly rssMb: number;
  /** Lateness of its event loop: the median of the seconds' p99, and the worst of all. `NaN` for what is no Node. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

/** Lines of the probes of a process between two times. What is not a whole line yet is left out. */
export function probeLines(files: readonly string[], fromMs: number, toMs: number): readonly ProbeLine[] {
  return files.flatMap((file) => {
    const text = readIfThere(file);
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ProbeLine)
      .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  });
}

export function usageOf(name: string, lines: readonly ProbeLine[]): ProcessUsage {
  const [first, last] = [lines[0], lines.at(-1)];
  const cpuFraction =
    first === undefined || last === undefined || last === first
      ? NaN
      : (last.cpuMs - first.cpuMs) / (last.atMs - first.atMs);
  const p99s = lines.map(({ loop }) => loop.p99Ms).sort((a, b) => a - b);
  return {
    ...{ name, cpuFraction },
    rssMb: most(lines.map(({ rssMb }) => rssMb)),
    loopP99Ms: p99s[Math.floor(p99s.length / 2)] ?? NaN,
    loopMaxMs: most(lines.map(({ loop }) => loop.maxMs)),
  };
}

const most = (values: readonly number[]): number => (values.length === 0 ? NaN : Math.max(...values));

/** Of a group: how old order events were when they reached it. */
export function arrivals(lines: readonly ProbeLine[], group: string): Histogram {
  const all = new Histogram();
  for (const { groups } of lines) all.merge(groups[group] ?? []);
  return all;
}

/** Of a process that has no probe: what the kernel says. Undefined where it does not. */
export function kernelUsage(pid: number): { readonly cpuMs: number; readonly rssMb: number } | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readIfThere(`/proc/${pid}/status`))?.[1];
  if (!Number.isFinite(user + system) || kb === undefined) return undefined;
  return { cpuMs: (user + system) * MS_PER_JIFFY, rssMb: Number(kb) / 1_024 };
}

const MS_PER_JIFFY = 10;

/** Of all cores, since the machine was started. */
export function machineTimes(): { readonly busyMs: number; readonly allMs: number } {
  let [busyMs, allMs] = [0, 0];
  for (const { times } of cpus()) {
    const all = Object.values(times).reduce((sum, ms) => sum + ms, 0);
    allMs += all;
    busyMs += all - times.idle;
  }
  return { busyMs, allMs };
}

/** On what it was measured. */
export const machine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryMb: Math.round(totalmem() / 2 ** 20),
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  loadAverage: loadavg()[0] ?? NaN,
});

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
