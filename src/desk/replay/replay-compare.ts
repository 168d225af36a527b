import type { Denial } from '../../trading/denial.ts';
import type { Decision } from '../order-path.ts';
import type { RecordedVerdict } from './replay-record.ts';

/** Where a verdict that was made again is another than the one on record. */
export interface Difference {
  /** What differs: `decision`, `quantity`, `isExit`, `clientOrderId`, or a denial as `gate CODE`. */
  readonly what: string;
  readonly recorded: string;
  readonly again: string;
}

const NOTHING = 'nothing';

/** What is measured against time: it has gone on between taking down and deciding. */
const TIMED: ReadonlySet<string> = new Set(['MARKET_DATA_STALE', 'MARK_STALE', 'FX_RATE_MISSING']);

/** @param spanMs how much later the verdict on record may have looked at the clock */
export function differencesOf(recorded: RecordedVerdict, made: Decision, spanMs: number): Difference[] {
  const again = asRecorded(made);
  const fields = ['decision', 'quantity', 'isExit', 'clientOrderId'] as const;
  return [
    ...fields.flatMap((what) =>
      recorded[what] === again[what]
        ? []
        : [{ what, recorded: shown(recorded[what]), again: shown(again[what]) }],
    ),
    ...denialDifferences(recorded.denials, again.denials, spanMs),
  ];
}

function asRecorded(made: Decision): RecordedVerdict {
  if (made.kind !== 'held')
    return { decision: made.kind, denials: made.kind === 'denied' ? made.denials : [] };
  const { order, reduced } = made;
  return {
    decision: 'held',
    denials: reduced === undefined ? [] : [reduced],
    clientOrderId: order.clientOrderId,
    quantity: order.qty,
    isExit: order.isExit,
  };
}

function denialDifferences(
  recorded: readonly Denial[],
  again: readonly Denial[],
  spanMs: number,
): Difference[] {
  const left = [...again];
  const differences: Difference[] = [];
  for (const denial of recorded) {
    const at = left.findIndex(({ gate, code }) => gate === denial.gate && code === denial.code);
    const other = at < 0 ? undefined : left.splice(at, 1)[0];
    if (other !== undefined && isSame(denial, other, spanMs)) continue;
    differences.push({
      what: nameOf(denial),
      recorded: factsOf(denial),
      again: other === undefined ? NOTHING : factsOf(other),
    });
  }
  return [
    ...differences,
    ...left.map((other) => ({ what: nameOf(other), recorded: NOTHING, again: factsOf(other) })),
  ];
}

const isSame = (a: Denial, b: Denial, spanMs: number): boolean =>
  shown(a.limit) === shown(b.limit) &&
  a.note === b.note &&
  (shown(a.measured) === shown(b.measured) || (TIMED.has(a.code) && isNear(a.measured, b.measured, spanMs)));

/** The verdict on record was measured a little later. */
const isNear = (recorded: unknown, again: unknown, spanMs: number): boolean =>
  typeof recorded === 'number' &&
  typeof again === 'number' &&
  recorded - again >= 0 &&
  recorded - again <= spanMs;

const nameOf = ({ gate, code }: Denial): string => `${gate} ${code}`;

const factsOf = ({ measured, limit, note }: Denial): string => {
  const facts = { measured, limit, note };
  const said = Object.entries(facts).flatMap(([name, fact]) =>
    fact === undefined ? [] : [`${name} ${fact}`],
  );
  return said.length === 0 ? 'denied' : said.join(', ');
};

/** What is not finite stands on record by name. */
const shown = (value: string | number | boolean | undefined): string =>
  value === undefined ? NOTHING : String(value);
