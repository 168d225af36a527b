import { readFile } from 'node:fs/promises';

interface Node {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
}

/** What `Profiler.stop` gives. */
export interface CpuProfile {
  readonly nodes: readonly Node[];
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

interface SelfTime {
  readonly name: string;
  /** Last two parts of its path, and the line. */
  readonly where: string;
  /** Of the time in which the process did something. */
  readonly fraction: number;
}

export interface ProfileSummary {
  /** Of the time that was profiled. */
  readonly busyFraction: number;
  readonly top: readonly SelfTime[];
}

const IDLE = '(idle)';
/** What it costs to begin and end a profile is none of the program's. */
const INSPECTOR = 'node:inspector';

/** The functions with the most time of their own. */
export function summarise({ nodes, samples = [], timeDeltas = [] }: CpuProfile, count = 15): ProfileSummary {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const us = new Map<string, { name: string; where: string; us: number }>();
  let [all, idle] = [0, 0];
  for (const [at, id] of samples.entries()) {
    const frame = byId.get(id);
    const took = Math.max(0, timeDeltas[at] ?? 0);
    if (frame === undefined || frame.url === INSPECTOR) continue;
    all += took;
    if (frame.functionName === IDLE) {
      idle += took;
      continue;
    }
    const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
    const file = frame.url.split('/').slice(-2).join('/');
    const where = file === '' ? '' : `${file}:${frame.lineNumber + 1}`;
    const entry = us.get(`${name} ${where}`) ?? { name, where, us: 0 };
    entry.us += took;
    us.set(`${name} ${where}`, entry);
  }
  const busy = all - idle;
  const top = [...us.values()]
    .sort((a, b) => b.us - a.us)
    .slice(0, count)
    .map(({ name, where, us: own }) => ({ name, where, fraction: own / busy }));
  return { busyFraction: all === 0 ? NaN : busy / all, top };
}

export const readProfile = async (file: string): Promise<ProfileSummary> =>
  summarise(JSON.parse(await readFile(file, 'utf8')) as CpuProfile);
