import { type Decimal, ZERO } from '../../core/decimal.ts';
import { toText } from '../../core/increment.ts';
import { lots } from '../../core/units.ts';
import { heldOf } from '../../trading/booking.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { SavedCell } from '../../trading/saved-book.ts';
import type { HistoryChange, HistoryMark, Standing, StandingAccount } from './history-change.ts';
import type {
  EquitySample,
  GapCode,
  HistoryFill,
  HistoryGap,
  HistoryOrder,
  HistoryPosition,
  LedgerEntry,
} from './history-rows.ts';
import { type DraftPosition, emptyPosition, restoredPosition } from './draft-position.ts';

/** The event that is being taken. */
export interface Told {
  readonly source: string;
  readonly eventId: string;
  readonly atMs: number;
}

/** The currency of an account whose opening was not seen. */
const UNKNOWN_CURRENCY = '?';

/** An account as events make it, before any of it is written. */
export class AccountDraft {
  readonly accountId: string;
  readonly #standing: Standing;
  readonly #instrumentOf: (instrumentId: string) => Instrument;
  readonly #marks = new Map<string, HistoryMark>();
  readonly #orders = new Map<string, HistoryOrder>();
  readonly #touchedOrders = new Set<string>();
  readonly #positions = new Map<string, DraftPosition>();
  readonly #balances = new Map<string, Decimal>();
  readonly #fills: HistoryFill[] = [];
  readonly #changes: HistoryPosition[] = [];
  readonly #entries: LedgerEntry[] = [];
  readonly #equity: EquitySample[] = [];
  readonly #gaps: HistoryGap[] = [];
  #account: StandingAccount | undefined;
  #isTouched = false;

  constructor(accountId: string, standing: Standing, instrumentOf: (instrumentId: string) => Instrument) {
    this.accountId = accountId;
    this.#standing = standing;
    this.#instrumentOf = instrumentOf;
    this.#account = standing.account;
    for (const order of standing.orders) this.#orders.set(order.clientOrderId, order);
    for (const { currency, amount } of standing.balances) this.#balances.set(currency, ZERO.plus(amount));
  }

  /** What it comes to. */
  change(): HistoryChange {
    const account = this.#isTouched ? this.#account : undefined;
    const ifRevision = this.#standing.account?.revision ?? 0;
    const touched = [...this.#positions.values()].flatMap(({ row }) => (row === undefined ? [] : [row]));
    const moved = new Set(this.#entries.map(({ currency }) => currency));
    return {
      accountId: this.accountId,
      marks: [...this.#marks.values()],
      ...(account && { account: { row: { ...account, revision: ifRevision + 1 }, ifRevision } }),
      orders: [...this.#touchedOrders].flatMap((id) => this.#orders.get(id) ?? []),
      fills: this.#fills,
      positions: touched,
      positionChanges: this.#changes,
      entries: this.#entries,
      balances: Array.from(moved, (currency) => ({
        accountId: this.accountId,
        currency,
        amount: this.balance(currency).toFixed(),
      })),
      equity: this.#equity,
      gaps: this.#gaps,
    };
  }

  isKnown(mark: string): boolean {
    return this.#standing.marks.has(mark) || this.#marks.has(mark);
  }

  /** Whether it is from before what has been pruned: nobody knows then whether it has been taken. */
  isBeforeHorizon({ atMs }: Told): boolean {
    return atMs < (this.#standing.prunedBeforeMs ?? -Infinity);
  }

  mark(mark: string, { atMs }: Told): void {
    this.#marks.set(mark, { mark, atMs });
  }

  get account(): StandingAccount | undefined {
    return this.#account;
  }

  get currency(): string {
    return this.#account?.currency ?? UNKNOWN_CURRENCY;
  }

  /** Changes what is known of the account; an account that was not there is made. */
  setAccount(change: Partial<StandingAccount>, { atMs }: Told): StandingAccount {
    const { accountId } = this;
    const was = this.#account ?? { accountId, updatedMs: atMs, isComplete: true, revision: 0, seq: 0 };
    this.#isTouched = true;
    return (this.#account = { ...was, ...change, updatedMs: Math.max(was.updatedMs, atMs) });
  }

  order(clientOrderId: string): HistoryOrder | undefined {
    return this.#orders.get(clientOrderId);
  }

  putOrder(order: HistoryOrder): void {
    this.#orders.set(order.clientOrderId, order);
    this.#touchedOrders.add(order.clientOrderId);
  }

  addFill(fill: Omit<HistoryFill, 'seq' | 'atMs'>, told: Told): void {
    this.#fills.push({ ...fill, atMs: told.atMs, seq: this.#nextStep(told).seq });
  }

  /** @throws {PortcullisError} `INSTRUMENT_UNKNOWN` */
  position(instrumentId: string): DraftPosition {
    const present = this.#positions.get(instrumentId);
    if (present !== undefined) return present;
    const instrument = this.#instrumentOf(instrumentId);
    const was = this.#standing.positions.find((one) => one.instrumentId === instrumentId);
    const position = was === undefined ? emptyPosition(instrument) : restoredPosition(instrument, was);
    this.#positions.set(instrumentId, position);
    return position;
  }

  /** The instruments that it is known to have held. */
  held(): ReadonlySet<string> {
    const before = this.#standing.positions.map(({ instrumentId }) => instrumentId);
    return new Set([...before, ...this.#positions.keys()]);
  }

  /** Moves a position on. */
  move(position: DraftPosition, change: Partial<Omit<SavedCell, 'instrument'>>, told: Told): void {
    Object.assign(position, change);
    const { instrument, pos, dust, cost, realised, fees, funding } = position;
    const { instrumentId, quote, grid } = instrument;
    const held = heldOf(instrument, pos, dust);
    const row: HistoryPosition = {
      accountId: this.accountId,
      instrumentId,
      quote,
      quantity: dust.eq('0') ? toText(pos, grid.step) : held.div(grid.multiplier).toFixed(),
      ...(!held.eq('0') && { averagePrice: cost.div(held).toFixed() }),
      cost: cost.toFixed(),
      realised: realised.toFixed(),
      fees: fees.toFixed(),
      funding: funding.toFixed(),
      ...this.#nextStep(told),
    };
    this.#changes.push(row);
    position.row = { ...row, lots: pos, dust: dust.toFixed() };
  }

  /** Makes a position what it was before anything. */
  clearPosition(instrumentId: string, told: Told): void {
    this.move(
      this.position(instrumentId),
      { pos: lots(0), dust: ZERO, cost: ZERO, realised: ZERO, fees: ZERO, funding: ZERO },
      told,
    );
  }

  balance(currency: string): Decimal {
    return this.#balances.get(currency) ?? ZERO;
  }

  /** Everything that it has, by currency. */
  balances(): readonly (readonly [currency: string, amount: Decimal])[] {
    return [...this.#balances];
  }

  /** Moves cash. Nothing is no entry, but for an opening. */
  addEntry(
    entry: Pick<LedgerEntry, 'kind' | 'reference' | 'instrumentId'> & {
      readonly currency: string;
      readonly amount: Decimal;
    },
    told: Told,
  ): void {
    const { amount, currency } = entry;
    if (amount.eq('0') && entry.kind !== 'opening') return;
    const balance = this.balance(currency).plus(amount);
    this.#balances.set(currency, balance);
    this.#entries.push({
      ...entry,
      accountId: this.accountId,
      amount: amount.toFixed(),
      balance: balance.toFixed(),
      ...this.#nextStep(told),
    });
  }

  addEquity(sample: Omit<EquitySample, 'accountId' | 'atMs' | 'sampleId'>, told: Told): void {
    const { source, eventId, atMs } = told;
    // Ids are given by each source for itself.
    const sampleId = JSON.stringify([source, eventId]);
    this.#equity.push({ ...sample, accountId: this.accountId, atMs, sampleId });
  }

  /** Notes that something is missing. */
  addGap(code: GapCode, detail: string, told: Told, clientOrderId?: string): void {
    const { accountId } = this;
    this.#gaps.push({ accountId, code, detail, ...told, clientOrderId });
    if (code !== 'BEFORE_HORIZON') this.setAccount({ isComplete: false }, told);
  }

  /** Clocks of two owners differ: a step is never told as before the one that it came after, so that the last by time is the last. */
  #nextStep(told: Told): { readonly atMs: number; readonly seq: number } {
    const { seq, updatedMs: atMs } = this.setAccount({ seq: (this.#account?.seq ?? 0) + 1 }, told);
    return { atMs, seq };
  }
}
