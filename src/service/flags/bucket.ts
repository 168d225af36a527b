import { hash } from 'node:crypto';

/**
 * Where a key stands in [0, 1), the same on every machine and for ever: the first 48 bits of SHA-256 over `name`, a
 * newline and `key`. Who is under 10 % is under every higher percentage as well.
 *
 * @param name without a newline, so that no two pairs make one text
 */
export function placeOf(name: string, key: string): number {
  return hash('sha256', `${name}\n${key}`, 'buffer').readUIntBE(0, 6) / 2 ** 48;
}

/** The one of `weights` whose share of the whole covers `place`. */
export function weighted(weights: Readonly<Record<string, number>>, place: number): string {
  const entries = Object.entries(weights);
  let left = place * entries.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of entries) {
    if (left < weight) return name;
    left -= weight;
  }
  return entries.at(-1)?.[0] ?? ''; // what rounding leaves over
}
