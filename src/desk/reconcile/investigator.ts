import type { Clock } from '../../core/clock.ts';
import { decimal } from '../../core/decimal.ts';
import { toText } from '../../core/increment.ts';
import type { OrderView } from '../../trading/order-view.ts';
import { isOpen } from '../../trading/order-life-cycle.ts';
import type { Difference } from './difference.ts';
import { LookCount, type LookCountRule } from './look-count.ts';
import {
  type Doubt,
  type EvidenceDesk,
  type OrderWas,
  asWas,
  inDoubt,
  learn,
  unlisted,
} from './order-evidence.ts';
import type { VenueOrderReport } from '../venue/venue-driver.ts';
import type { VenueQuestions } from '../venue/venue-questions.ts';

/** When orders in doubt are looked up, and when one that the venue does not know counts as absent. */
export interface LookupRule extends LookCountRule {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** What looking up needs of its desk. */
export interface InvestigatorDesk extends Omit<EvidenceDesk, 'isSure' | 'clear'> {
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs' | 'deadline'>;
  /** Whether an amendment of it has been sent and is still waited for. */
  isAmending(clientOrderId: string): boolean;
  /** What was found without being asked for. */
  tell(found: readonly Difference[]): void;
}

/** What several looks have to say: `missed` that the venue does not know the order. */
const DOUBTS = ['missed', 'unamended', 'unlisted', 'still-open'] as const satisfies readonly (
  Doubt | 'missed'
)[];

/** Those that an order may be in that is in no doubt otherwise. */
const OPEN_DOUBTS = ['unlisted', 'still-open'] as const;

const lookOf = (clientOrderId: string, doubt: (typeof DOUBTS)[number]): string => `${doubt} ${clientOrderId}`;

interface Case {
  /** Whether it is to be looked up in any case. */
  isAsked: boolean;
  delayMs: number;
  dueMs: number;
}

/**
 * Finds out what became of orders in doubt: looks each up by its id, again and again, ever more slowly, until the venue
 * has said it. That the venue does not know an order counts after a grace period and several looks, and only if nothing
 * else of it is there.
 */
export class Investigator {
  readonly #desk: InvestigatorDesk;
  readonly #questions: VenueQuestions;
  readonly #rule: LookupRule;
  readonly #cases = new Map<string, Case>();
  readonly #evidence: EvidenceDesk;
  readonly #looks: LookCount;
  #timer: Disposable | undefined;
  #looking = false;
  #stopped = false;

  constructor(desk: InvestigatorDesk, questions: VenueQuestions, rule: LookupRule) {
    this.#desk = desk;
    this.#questions = questions;
    this.#rule = rule;
    this.#looks = new LookCount(desk.clock, rule);
    this.#evidence = {
      ...desk,
      isSure: (id, doubt, about) => this.#isSure(id, doubt, about),
      clear: (id, doubt) => {
        this.#looks.forget(lookOf(id, doubt));
      },
    };
  }

  /** Looks the order up from now on, until it is out of doubt. */
  watch(clientOrderId: string): void {
    this.#open(clientOrderId);
  }

  /** Looks the order up, once at least. */
  ask(clientOrderId: string): void {
    const one = this.#open(clientOrderId);
    if (one !== undefined) one.isAsked = true;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
    this.#cases.clear();
  }

  /**
   * One look at one order.
   *
   * @param found what was different is added here
   * @returns why the venue could not be asked; `undefined` when it answered
   */
  async look(clientOrderId: string, found: Difference[]): Promise<string | undefined> {
    const row = this.#desk.book.order(clientOrderId);
    if (row === undefined) return undefined;
    const was = asWas(row);
    const answer = await this.#questions.lookup(clientOrderId);
    if (answer.kind === 'none') return answer.reason;
    if (answer.value === undefined) return this.#missed(row, found);
    this.#looks.forget(lookOf(clientOrderId, 'missed'));
    await this.learn(row, was, answer.value, found);
    return undefined;
  }

  /** Takes over what the venue says about an order of ours, and looks again where that leaves a doubt. */
  async learn(row: OrderView, was: OrderWas, report: VenueOrderReport, found: Difference[]): Promise<void> {
    await learn(this.#evidence, row, was, report, found);
    const { clientOrderId } = row.order;
    if (this.#needsLook(clientOrderId)) this.watch(clientOrderId);
    else this.#forget(clientOrderId);
  }

  #isSure(clientOrderId: string, doubt: Doubt, about: unknown): boolean {
    // It may still be on its way to the venue.
    if (doubt === 'unamended' && this.#desk.isAmending(clientOrderId)) return false;
    return this.#looks.more(lookOf(clientOrderId, doubt), about) !== undefined;
  }

  #forget(clientOrderId: string): void {
    for (const doubt of DOUBTS) this.#looks.forget(lookOf(clientOrderId, doubt));
  }

  async #missed(row: OrderView, found: Difference[]): Promise<string | undefined> {
    const { clientOrderId } = row.order;
    if (!isOpen(row.state) && row.leaves === 0) {
      this.#forget(clientOrderId); // over for both
      return undefined;
    }
    if (isOpen(row.state) && row.state !== 'unknown') {
      // It was known to exist: its looks are counted from here.
      this.#looks.forget(lookOf(clientOrderId, 'missed'));
      const about = { clientOrderId, atMs: this.#desk.clock.nowMs() };
      await this.#desk.record({ type: 'timedOut', ...about, reason: 'the venue does not know it' });
    }
    this.watch(clientOrderId);
    const { cumulative: before, state } = row;
    const looks = this.#looks.more(lookOf(clientOrderId, 'missed'), before);
    if (looks === undefined) return undefined;
    const elsewhere = await this.#isElsewhere(row, found);
    if (elsewhere !== false) return elsewhere === true ? undefined : elsewhere;
    if (row.state !== state || row.cumulative !== before) return undefined; // heard of meanwhile
    found.push(await this.#settleAbsent(row, looks));
    return undefined;
  }

  /** Not known to the venue any more, and nothing of it anywhere: nothing more will fill. */
  async #settleAbsent(row: OrderView, looks: number): Promise<Difference> {
    const { order, state, cumulative, finalCumulative } = row;
    const { clientOrderId, accountId, instrument } = order;
    const { instrumentId, grid } = instrument;
    const about = { accountId, instrumentId, clientOrderId };
    // What the venue itself has said was filled, only its list or a person can tell.
    if (finalCumulative !== undefined) {
      const [all, listed] = [toText(finalCumulative, grid.step), toText(cumulative, grid.step)];
      return { code: 'FILL_UNLISTED', settled: false, detail: unlisted(all, listed), ...about };
    }
    const atMs = this.#desk.clock.nowMs();
    await this.#desk.record(
      state === 'unknown'
        ? { type: 'absent', clientOrderId, atMs }
        : { type: 'cancelled', clientOrderId, atMs, cumulative },
    );
    this.#forget(clientOrderId);
    return {
      code: 'ORDER_ABSENT',
      settled: true,
      detail: `not known to the venue in ${looks} looks`,
      ...about,
    };
  }

  /** Whether open orders or the position speak of the order after all, once its fills are booked; a text: they could not be asked. */
  async #isElsewhere(row: OrderView, found: Difference[]): Promise<boolean | string> {
    const { order } = row;
    const open = await this.#questions.openOrders();
    if (open.kind === 'none') return open.reason;
    if (open.value.some(({ clientOrderId }) => clientOrderId === order.clientOrderId)) return true;
    const silent = await this.#desk.catchUp(found);
    if (silent !== undefined) return silent;
    const positions = await this.#questions.positions();
    if (positions.kind === 'none') return positions.reason;
    const { accountId, instrument } = order;
    const said = positions.value.find(
      (one) => one.accountId === accountId && one.instrumentId === instrument.instrumentId,
    );
    const pos = this.#desk.book.cell(accountId, instrument.instrumentId)?.pos ?? 0;
    return !decimal(said?.quantity ?? '0').eq(toText(pos, instrument.grid.step));
  }

  #needsLook(clientOrderId: string): boolean {
    const row = this.#desk.book.order(clientOrderId);
    if (row === undefined) return false;
    if (inDoubt(row)) return true;
    // What was said once is looked at until it is sure, or not so.
    if (OPEN_DOUBTS.some((doubt) => this.#looks.has(lookOf(clientOrderId, doubt)))) return true;
    return isOpen(row.state) && row.amendment !== undefined && !this.#desk.isAmending(clientOrderId);
  }

  #open(clientOrderId: string): Case | undefined {
    if (this.#stopped) return undefined;
    const known = this.#cases.get(clientOrderId);
    if (known !== undefined) return known;
    const delayMs = this.#rule.firstDelayMs;
    const one = { isAsked: false, delayMs, dueMs: this.#desk.clock.monotonicMs() + delayMs };
    this.#cases.set(clientOrderId, one);
    this.#schedule();
    return one;
  }

  #close(clientOrderId: string): void {
    this.#cases.delete(clientOrderId);
    this.#forget(clientOrderId);
  }

  #schedule(): void {
    if (this.#looking || this.#stopped) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    let dueMs = Infinity;
    for (const one of this.#cases.values()) dueMs = Math.min(dueMs, one.dueMs);
    if (dueMs === Infinity) return;
    const waitMs = Math.max(dueMs - this.#desk.clock.monotonicMs(), 0);
    this.#timer = this.#desk.clock.deadline(waitMs, () => void this.#lookAtDue());
  }

  /** One after the other: a venue that has just failed is not flooded. */
  async #lookAtDue(): Promise<void> {
    this.#looking = true;
    try {
      await this.#lookAtEach();
    } finally {
      this.#looking = false;
      this.#schedule();
    }
  }

  async #lookAtEach(): Promise<void> {
    const nowMs = this.#desk.clock.monotonicMs();
    const due = [...this.#cases].filter(([, { dueMs }]) => dueMs <= nowMs);
    let silent = false;
    for (const [clientOrderId, one] of due) {
      if (!this.#isWanted(clientOrderId, one)) {
        this.#close(clientOrderId);
        continue;
      }
      if (!silent && !this.#stopped) {
        const found: Difference[] = [];
        silent = (await this.look(clientOrderId, found)) !== undefined;
        this.#desk.tell(found);
        // While another amendment is on its way a look settles nothing.
        if (!silent && !this.#desk.isAmending(clientOrderId)) one.isAsked = false;
      }
      if (!this.#isWanted(clientOrderId, one)) this.#close(clientOrderId);
      one.delayMs = Math.min(one.delayMs * 2, this.#rule.maxDelayMs);
      one.dueMs = this.#desk.clock.monotonicMs() + one.delayMs;
    }
  }

  #isWanted(clientOrderId: string, { isAsked }: Case): boolean {
    return isAsked || this.#needsLook(clientOrderId);
  }
}
