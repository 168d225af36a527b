import type { CheckResult, Evidence, Usage } from './evidence.ts';

const WARM_MS = 60_000;
/** Shorter lives say nothing. */
const LONG_MS = 240_000;
const GROWTH_MB = 16;
const GROWTH_FILES = 12;

/** What is used at the end of a long life is not more than after its warm-up. */
export function checkUsage({ usage }: Evidence): CheckResult {
  const violations: string[] = [];
  const notes: string[] = [];
  for (const one of usage) {
    const growth = growthOf(one);
    if (growth === undefined) continue;
    const { heapMb, files, from } = growth;
    notes.push(`${one.name} ${Math.round(from)}${heapMb < 0 ? ' - ' : ' + '}${Math.abs(Math.round(heapMb))}`);
    if (!(heapMb <= GROWTH_MB)) violations.push(`${one.name} (${one.pid}): ${Math.round(heapMb)} MB more`);
    if (!(files <= GROWTH_FILES)) violations.push(`${one.name} (${one.pid}): ${files} files more`);
  }
  const note = notes.length === 0 ? 'nobody lived long enough' : `live heap, MB: ${notes.join(', ')}`;
  return { check: 'memory and files are flat', violations, note };
}

/** Between the least of the first and of the last third of what is left after the warm-up. */
function growthOf({ samples }: Usage): { heapMb: number; files: number; from: number } | undefined {
  const warm = samples.filter(({ ageMs }) => ageMs >= WARM_MS);
  const [first, last] = [warm[0], warm.at(-1)];
  if (first === undefined || last === undefined || last.ageMs < LONG_MS) return undefined;
  const third = (last.ageMs - first.ageMs) / 3;
  const least = (what: 'heapMb' | 'files', list: typeof warm): number =>
    Math.min(...list.map((one) => one[what]));
  const early = warm.filter(({ ageMs }) => ageMs <= first.ageMs + third);
  const late = warm.filter(({ ageMs }) => ageMs >= last.ageMs - third);
  const from = least('heapMb', early);
  return { from, heapMb: least('heapMb', late) - from, files: least('files', late) - least('files', early) };
}

/** All came back after every fault, and all have gone at the end. */
export function checkProcesses({ end: { code, left }, stuck }: Evidence): CheckResult {
  const violations = [...stuck];
  if (code !== 0) violations.push(`the cluster ended with ${String(code)}`);
  if (left.length > 0) violations.push(`left: ${left.join(', ')}`);
  return { check: 'all recover, and none is left', violations };
}
