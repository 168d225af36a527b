const MOST = 3;

/** Names that may have been meant, the likeliest first, at most three. None when nothing comes close. */
export function nearest(name: string, known: Iterable<string>): readonly string[] {
  const furthest = Math.max(2, Math.floor(name.length / 4));
  return [...known]
    .map((candidate) => ({ candidate, steps: stepsBetween(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ steps }) => steps <= furthest)
    .sort((a, b) => a.steps - b.steps || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, MOST)
    .map(({ candidate }) => candidate);
}

/** Letters put in, left out, replaced, or swapped with their neighbour (optimal string alignment distance). */
function stepsBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const replaced = (last[j - 1] ?? 0) + (same ? 0 : 1);
      const moved = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(isSwap ? Math.min(moved, (beforeLast[j - 2] ?? 0) + 1) : moved);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
