import type { AuditEvent } from '../audit/audit-log.ts';
import { type Clock, onDispose } from '../core/clock.ts';
import { system } from '../core/principal.ts';
import { messageOf } from '../core/message-of.ts';
import type { KillSwitch } from '../risk/kill-switch.ts';
import type { SpentOverride } from '../risk/overrides/override-register.ts';
import type { BookReader, DayRolled } from '../trading/book.ts';
import type { OrderView } from '../trading/order-view.ts';
import type { Fill } from '../trading/fill.ts';
import type { Applied, BookedOrder, OrderEvent } from '../trading/order-event.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import { answerInTime } from './answer-in-time.ts';
import type { ChangeDecision } from './change-order.ts';
import type { DeskAudit } from './desk-audit.ts';
import { type DeskTenure, isDeposed } from './desk-tenure.ts';
import type { DeskAnomaly, DeskEvent, DeskListener } from './desk-event.ts';
import type { Adjustment, SavedOrder } from '../trading/saved-book.ts';
import type { AdjustedBy } from './journal/journal-adjusted.ts';
import type { Journal } from './journal/journal.ts';
import type { Decision, OrderPath } from './order-path.ts';
import { denialsOf, plainJson, verdictEvent } from './verdict-inputs/verdict-inputs-event.ts';
import type { Made } from './verdict-inputs/verdict-inputs-trail.ts';

export interface RecorderDeps {
  readonly book: BookReader;
  readonly path: OrderPath;
  readonly journal: Journal;
  readonly killSwitch: KillSwitch;
  readonly clock: Pick<Clock, 'nowMs' | 'deadline'>;
  readonly audit?: DeskAudit;
  readonly auditTimeoutMs: number;
  /** Once it is over nothing is written, and nothing is an anomaly: what is true, the next owner finds out. */
  readonly deskTenure: DeskTenure;
  /** Whether the desk listens to its venue. What it is told otherwise is for the next start to find out. */
  readonly isListening: () => boolean;
  /** A position has moved as no hold foresaw: what reduced it before need not do so any more. */
  readonly onMoved: () => void;
}

/** How a verdict came about. */
export interface MadeUnder extends Omit<Made, 'decision'> {
  /** Of the limits. */
  readonly limitsHash: string;
  /** What the order came with. */
  readonly override?: SpentOverride | undefined;
}

const BY = system('order-desk');

/** Counts what happens in the tick in which it arrives, and tells it when it is on disk. What should not happen restricts trading. */
export class Recorder {
  readonly #deps: RecorderDeps;
  readonly #listeners = new Set<DeskListener>();
  /** Records on their way into the audit log. */
  readonly #auditing = new Set<Promise<boolean>>();

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
  }

  onEvent(listener: DeskListener): Disposable {
    this.#listeners.add(listener);
    return onDispose(() => {
      this.#listeners.delete(listener);
    });
  }

  /** A verdict, with what it was made under and from. Resolves as `kept`, to whether all of it is. */
  async decided(
    asked: OrderIntent,
    decision: Decision,
    { limitsHash, tookMs, inputs, override }: MadeUnder,
  ): Promise<boolean> {
    const kept = [this.kept(verdictEvent('order.decided', asked, decision, { limitsHash, inputs }))];
    this.emit({
      kind: 'decided',
      intent: decision.kind === 'held' ? decision.order.intent : asked,
      decision: decision.kind,
      denials: denialsOf(decision),
      tookMs,
    });
    if (override !== undefined) {
      const { overrideId } = override;
      kept.push(this.kept({ kind: 'override.decided', overrideId, decision: decision.kind }));
    }
    return !(await Promise.all(kept)).includes(false);
  }

  /** A verdict on a change of an order. Resolves as `kept`. */
  decidedChange({ order }: OrderView, decision: ChangeDecision, limitsHash: string): Promise<boolean> {
    const { clientOrderId } = order;
    const detail =
      decision.kind === 'denied' ? { denials: decision.denials } : { denials: [], ...decision.to };
    return this.kept({
      kind: 'order.change-decided',
      clientOrderId,
      decision: decision.kind,
      limitsHash,
      ...detail,
    });
  }

  /** Resolves to whether the event is on disk. Never rejects. */
  record(event: OrderEvent): Promise<boolean> {
    const { book, path, isListening } = this.#deps;
    if (!isListening()) return Promise.resolve(false);
    const order = book.order(event.clientOrderId);
    const applied = path.apply(event);
    // First the record, then the trip: what the trip cancels stands behind its cause in the journal.
    const written =
      order !== undefined && changed(event, applied) ? this.#write(event, order) : Promise.resolve(true);
    if (typeof applied === 'object') {
      this.anomaly({
        code: applied.anomaly,
        clientOrderId: event.clientOrderId,
        detail: `${event.type} was not expected`,
      });
      if (event.type === 'filled') this.#deps.onMoved();
    }
    return written;
  }

  #write(event: OrderEvent, order: OrderView): Promise<boolean> {
    const { journal, path } = this.#deps;
    const spent = event.type === 'amendRequested' ? path.spentBy(order.order.strategyId) : undefined;
    return journal.event(event, order.order.instrument, spent).then(
      () => {
        this.emit({ kind: 'order', event, order });
        return true;
      },
      (error: unknown) => {
        // An order that never left is the one thing that a restart may forget.
        if (event.type !== 'abandoned') this.#diskFailed(error, event.clientOrderId);
        return false;
      },
    );
  }

  /** Books a fill of an order that we never sent; `undefined` when it is booked already. */
  external(order: BookedOrder, fill: Fill): Promise<boolean> | undefined {
    const { path, journal, isListening } = this.#deps;
    if (!isListening()) return Promise.resolve(false);
    const atMs = this.#deps.clock.nowMs();
    if (path.external(order, fill, atMs) === 'duplicate') return undefined;
    const { clientOrderId } = order;
    const event = { type: 'filled', clientOrderId, atMs, fill } as const;
    return this.#settle(journal.external(order, fill, atMs), clientOrderId, () => {
      const row = this.#deps.book.order(clientOrderId);
      if (row !== undefined) this.emit({ kind: 'order', event, order: row });
    });
  }

  /** Counts at once; resolves to whether it is on disk, `undefined` when it had been made before. */
  adjusted(adjustment: Adjustment, why: AdjustedBy): Promise<boolean> | undefined {
    if (this.#deps.path.adjust(adjustment) === 'duplicate') return undefined;
    const written = this.#deps.journal.adjusted(adjustment, why);
    this.#deps.onMoved();
    return this.#settle(written, undefined, () => {
      this.emit({ kind: 'adjusted', adjustment });
    });
  }

  /** Tells of what has been counted when it is on disk; resolves to whether it is. */
  written(record: Promise<unknown>, event: DeskEvent): Promise<boolean> {
    return this.#settle(record, undefined, () => {
      this.emit(event);
    });
  }

  /** Takes an order back into memory, since something has happened to it after all. */
  revived(saved: SavedOrder): void {
    if (!this.#deps.isListening()) return;
    this.#deps.path.revive(saved);
    void this.#settle(this.#deps.journal.revived(saved), saved.order.clientOrderId, () => undefined);
  }

  #settle(written: Promise<unknown>, clientOrderId: string | undefined, tell: () => void): Promise<boolean> {
    return written.then(
      () => {
        tell();
        return true;
      },
      (error: unknown) => {
        this.#diskFailed(error, clientOrderId);
        return false;
      },
    );
  }

  rolled(day: DayRolled): void {
    if (!this.#deps.isListening()) return;
    void this.#settle(this.#deps.journal.rolled(day), undefined, () => {
      this.emit({ kind: 'day-rolled', day });
    });
  }

  anomaly(anomaly: DeskAnomaly): void {
    const { code, clientOrderId, detail } = anomaly;
    if (this.#deps.deskTenure.isOver) return;
    if (!this.#deps.isListening() && code !== 'DISK_FAILED') return;
    const about = clientOrderId === undefined ? '' : ` (order ${clientOrderId})`;
    const reason = `${code}: ${detail}${about}`;
    // Counted but not on disk: a restart would not know, so nothing more goes out.
    if (code === 'DISK_FAILED') this.#tripOnce('halted', reason);
    else void this.#deps.killSwitch.trip({ to: 'reducing', reason, by: BY });
    this.audit({ kind: 'order.anomaly', ...anomaly });
    this.emit({ kind: 'anomaly', ...anomaly });
  }

  /** For what is done whether or not it can be recorded. */
  audit(event: AuditEvent): void {
    void this.kept(event);
  }

  /**
   * Resolves to whether the audit log keeps it: what has to be audited must not be done otherwise. Never rejects. A record
   * that fails, or is not kept in time, also restricts trading. Without an audit log nothing has to be kept.
   */
  kept(event: AuditEvent): Promise<boolean> {
    const { audit, auditTimeoutMs, clock, deskTenure } = this.#deps;
    if (deskTenure.isOver) return Promise.resolve(false);
    if (audit === undefined) return Promise.resolve(true);
    const kept = answerInTime(clock, auditTimeoutMs, () =>
      audit.record({ by: BY, ...(plainJson(event) as AuditEvent) }),
    ).then((answer) => {
      this.#auditing.delete(kept);
      if (answer.kind === 'answer') return true;
      if (deskTenure.isOver) return false;
      this.#tripOnce('reducing', `the audit log cannot be written: ${answer.reason}`);
      return false;
    });
    this.#auditing.add(kept);
    return kept;
  }

  /** Whether a record is on its way into the audit log. */
  get isAuditing(): boolean {
    return this.#auditing.size > 0;
  }

  /** Resolves when every record until now is kept, or is not. Never rejects. */
  async audited(): Promise<void> {
    await Promise.all(this.#auditing);
  }

  /** For what fails again with every cancel that the trip itself asks for. */
  #tripOnce(to: 'reducing' | 'halted', reason: string): void {
    const firm = this.#deps.killSwitch.records().find(({ scope }) => scope.kind === 'firm');
    if (firm?.state === 'halted' || firm?.state === to) return;
    void this.#deps.killSwitch.trip({ to, reason, by: BY });
  }

  /** A listener that throws does not stop the others, nor the order. */
  emit(event: DeskEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.audit({ kind: 'listener.failed', about: event.kind, error: messageOf(error) });
      }
    }
  }

  #diskFailed(error: unknown, clientOrderId?: string): void {
    if (isDeposed(error)) this.#deps.deskTenure.end();
    const detail = messageOf(error);
    this.anomaly(
      clientOrderId === undefined
        ? { code: 'DISK_FAILED', detail }
        : { code: 'DISK_FAILED', clientOrderId, detail },
    );
  }
}

/** What changed nothing needs no record. */
function changed(event: OrderEvent, applied: Applied): boolean {
  if (typeof applied === 'string') return applied === 'applied';
  const ignored = event.type === 'filled' ? 'FILL_INVALID' : 'ILLEGAL_TRANSITION';
  return applied.anomaly !== ignored;
}
