import { z } from 'zod';
import type { AuditRecord } from 'portcullis/audit';
import { scopeKey } from 'portcullis/risk';
import { VENUE } from '../market.ts';
import type { ExchangeRecord } from './exchange-record.ts';
import type { Finding } from './finding.ts';
import type { JournalRecords } from './journal-record.ts';

const recordSchema = z.object({
  scope: z.union([
    z.object({ kind: z.literal('firm') }),
    z.object({ kind: z.enum(['venue', 'account', 'strategy', 'instrument']), id: z.string() }),
  ]),
  state: z.enum(['reducing', 'halted']),
  atMs: z.number(),
});
type Recorded = z.output<typeof recordSchema>;
const about = z.object({ record: recordSchema });
const startedSchema = z.object({ life: z.number(), tripped: z.array(recordSchema) });
const scopeSchema = z.object({ scope: z.string() });

/** A restriction, from when to when it was in force for certain. */
interface Stretch {
  readonly record: Recorded;
  readonly fromMs: number;
  untilMs: number;
}

/** What is known of a scope: whether it must be on the disk, may be, or must not. */
type Durability = 'on' | 'perhaps' | 'off';

/** A request may be on its way for so long. */
const ON_THE_WAY_MS = 1_500;

/** The kill switch as the audit log tells it: what was in force when, and whether each life found what the last one left. */
export class KillSwitchHistory {
  readonly findings: Finding[] = [];
  readonly stretches: Stretch[] = [];
  readonly #durability = new Map<string, Durability>();
  readonly #open = new Map<string, Stretch>();
  #lastMs = -Infinity;

  constructor(records: Iterable<AuditRecord>) {
    for (const { kind, timeMs, details } of records) {
      this.#take(kind, timeMs, details);
      this.#lastMs = timeMs;
    }
  }

  /** Compares with what is on the disk. A trip that is younger than the audit log was killed before it was in both. */
  compare(tripped: readonly Recorded[], where: string): void {
    const there = new Map(tripped.map(({ scope, atMs }) => [scopeKey(scope), atMs]));
    for (const [scope, state] of this.#durability) {
      if (state === 'on' && !there.has(scope))
        this.findings.push({ code: 'KILL_SWITCH_FORGOTTEN', detail: `${scope} ${where}` });
    }
    for (const [scope, atMs] of there) {
      if ((this.#durability.get(scope) ?? 'off') === 'off' && atMs < this.#lastMs)
        this.findings.push({ code: 'KILL_SWITCH_INVENTED', detail: `${scope} ${where}` });
    }
  }

  #take(kind: string, timeMs: number, details: unknown): void {
    switch (kind) {
      case 'kill-switch.tripped': {
        const { record } = about.parse(details);
        this.#close(scopeKey(record.scope), record.atMs);
        this.#begin(record, record.atMs);
        if (this.#durability.get(scopeKey(record.scope)) !== 'on')
          this.#durability.set(scopeKey(record.scope), 'perhaps');
        return;
      }
      case 'kill-switch.released': {
        const scope = scopeKey(about.parse(details).record.scope);
        this.#close(scope, timeMs);
        this.#durability.set(scope, 'off');
        return;
      }
      case 'torture.trip-durable':
        this.#durability.set(scopeSchema.parse(details).scope, 'on');
        return;
      case 'torture.release-asked':
        this.#durability.set(scopeSchema.parse(details).scope, 'perhaps');
        return;
      case 'torture.started':
        this.#restart(startedSchema.parse(details), timeMs);
        return;
    }
  }

  #restart({ life, tripped }: z.output<typeof startedSchema>, timeMs: number): void {
    this.compare(tripped, `at the start of life ${life}`);
    for (const scope of this.#open.keys()) {
      if (!tripped.some((record) => scopeKey(record.scope) === scope)) this.#close(scope, -Infinity);
    }
    this.#durability.clear();
    for (const record of tripped) {
      this.#durability.set(scopeKey(record.scope), 'on');
      if (!this.#open.has(scopeKey(record.scope))) this.#begin(record, timeMs);
    }
  }

  #begin(record: Recorded, fromMs: number): void {
    const stretch = { record, fromMs, untilMs: Infinity };
    this.stretches.push(stretch);
    this.#open.set(scopeKey(record.scope), stretch);
  }

  #close(scope: string, untilMs: number): void {
    const stretch = this.#open.get(scope);
    if (stretch !== undefined) stretch.untilMs = untilMs;
    this.#open.delete(scope);
  }
}

/** Nothing reached the exchange that the switch, as it was recorded, forbade when it was decided or sent. */
export function checkSent(
  exchange: ExchangeRecord,
  journal: JournalRecords,
  { stretches }: KillSwitchHistory,
): Finding[] {
  const found: Finding[] = [];
  for (const { clientOrderId, placedMs } of exchange.orders.values()) {
    const ours = journal.orders.get(clientOrderId);
    const sentMs = placedMs[0];
    if (ours === undefined || sentMs === undefined) continue;
    const { atMs, isExit, intent } = ours.submitting;
    for (const { record, fromMs, untilMs } of stretches) {
      if (isExit && record.state === 'reducing') continue;
      if (!concerns(record.scope, intent)) continue;
      const decided = atMs > fromMs && atMs < untilMs;
      const sent = atMs <= fromMs && sentMs > fromMs + ON_THE_WAY_MS && sentMs < untilMs;
      if (!decided && !sent) continue;
      const detail = `${clientOrderId} ${decided ? 'decided' : 'sent'} while ${scopeKey(record.scope)} was ${record.state}`;
      found.push({ code: 'SENT_AGAINST_KILL_SWITCH', detail });
    }
  }
  return found;
}

function concerns(
  scope: Recorded['scope'],
  intent: { readonly accountId: string; readonly strategyId: string; readonly instrumentId: string },
): boolean {
  switch (scope.kind) {
    case 'firm':
      return true;
    case 'venue':
      return scope.id === VENUE;
    case 'account':
      return scope.id === intent.accountId;
    case 'strategy':
      return scope.id === intent.strategyId;
    case 'instrument':
      return scope.id === intent.instrumentId;
  }
}
