import type { Clock } from '../../core/clock.ts';
import { type Family, familyHead } from './family.ts';
import type { ExpositionFormat } from './text-format.ts';

/** About a millisecond of work; then the event loop gets a turn. */
const LINES_PER_TURN = 1000;

/**
 * The text of these families. Each is copied when its turn comes, so it is consistent in itself; large ones are rendered
 * piece by piece, with a turn of the event loop in between.
 */
export async function render(
  families: Iterable<Family>,
  format: ExpositionFormat,
  clock: Pick<Clock, 'turn'>,
): Promise<string> {
  const parts: string[] = [];
  let lines = 0;
  for (const family of families) {
    // Prometheus text has an empty line between families, OpenMetrics has none anywhere.
    parts.push(parts.length > 0 && format === 'text' ? '\n' : '', familyHead(family, format));
    const copy = family.copy();
    const step = Math.max(1, Math.floor(LINES_PER_TURN / copy.linesPerSeries));
    for (let from = 0; from < copy.size; from += step) {
      const to = Math.min(from + step, copy.size);
      const more = (to - from) * copy.linesPerSeries;
      if (lines > 0 && lines + more > LINES_PER_TURN) {
        lines = 0;
        await clock.turn();
      }
      lines += more;
      parts.push(copy.lines(from, to, format));
    }
  }
  if (format === 'openmetrics') parts.push('# EOF\n');
  return parts.join('');
}
