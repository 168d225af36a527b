import { decimal } from '../../core/decimal.ts';
import type { PortfolioUpdated } from '../../events/catalogue/portfolio-events.ts';
import { adjustmentOf } from '../../trading/booking.ts';
import type { AccountDraft, Told } from './account-draft.ts';
import { lotsOf } from './project-orders.ts';

export interface SaidOpening {
  readonly accountId: string;
  readonly currency: string;
  readonly balance: string;
  readonly dayId: string;
}

/** A journal begins. Where one was before it, that one's positions and cash are no longer the account's. */
export function takeOpening(draft: AccountDraft, said: SaidOpening, told: Told): void {
  const { currency, balance, dayId } = said;
  if (draft.account?.currency !== undefined) {
    draft.addGap(
      'ACCOUNT_REOPENED',
      'a journal began anew: positions and cash are those of its beginning',
      told,
    );
    for (const instrumentId of draft.held()) draft.clearPosition(instrumentId, told);
    for (const [other, amount] of draft.balances()) {
      draft.addEntry({ kind: 'opening', currency: other, amount: amount.times('-1') }, told);
    }
  }
  draft.setAccount({ currency, dayId, openedMs: told.atMs }, told);
  draft.addEntry({ kind: 'opening', currency, amount: decimal(balance, 'balance') }, told);
  draft.addEquity({ equity: balance, balance }, told);
}

export interface SaidAdjustment {
  readonly accountId: string;
  readonly adjustmentId: string;
  readonly position?: { readonly instrumentId: string; readonly quantity: string; readonly price: string };
  readonly cash: string;
}

/** A position moves as if traded, but without cash. */
export function takeAdjustment(draft: AccountDraft, said: SaidAdjustment, told: Told): void {
  needAccount(draft, told);
  if (said.position !== undefined) {
    const { instrumentId, quantity, price } = said.position;
    const position = draft.position(instrumentId);
    const qty = lotsOf(quantity, position.instrument);
    const { pos, cost, realised, dust } = adjustmentOf(position, { ...position, qty, price: decimal(price) });
    draft.move(position, { pos, cost, realised, dust }, told);
  }
  const amount = decimal(said.cash, 'cash');
  const about = { reference: said.adjustmentId, instrumentId: said.position?.instrumentId };
  draft.addEntry({ ...about, kind: 'adjustment', currency: draft.currency, amount }, told);
}

export interface SaidFlow {
  readonly accountId: string;
  readonly flowId: string;
  readonly amount: string;
}

export function takeFlow(draft: AccountDraft, { flowId, amount }: SaidFlow, told: Told): void {
  needAccount(draft, told);
  const { currency } = draft;
  draft.addEntry({ kind: 'flow', currency, amount: decimal(amount), reference: flowId }, told);
}

export interface SaidFunding {
  readonly accountId: string;
  readonly fundingId: string;
  readonly instrumentId: string;
  readonly amount: string;
}

export function takeFunding(draft: AccountDraft, said: SaidFunding, told: Told): void {
  needAccount(draft, told);
  const { fundingId: reference, instrumentId } = said;
  const amount = decimal(said.amount, 'amount');
  const position = draft.position(instrumentId);
  draft.move(position, { funding: position.funding.plus(amount) }, told);
  const currency = position.instrument.quote;
  draft.addEntry({ kind: 'funding', currency, amount, reference, instrumentId }, told);
}

export interface SaidDay {
  readonly accountId: string;
  readonly dayId: string;
  readonly dayOpen?: string;
  readonly highWater?: string;
}

export function takeDay(draft: AccountDraft, { dayId, dayOpen, highWater }: SaidDay, told: Told): void {
  draft.setAccount({ dayId }, told);
  if (dayOpen !== undefined) draft.addEquity({ equity: dayOpen, highWater }, told);
}

/** What is without equity says nothing here. */
export function takePortfolio(draft: AccountDraft, said: PortfolioUpdated, told: Told): void {
  const { equity, highWater, drawdownFraction, currency, cash } = said;
  if (equity === undefined) return;
  const balance = cash.find((one) => one.currency === currency)?.amount;
  draft.addEquity({ equity, balance, highWater, drawdownFraction }, told);
}

function needAccount(draft: AccountDraft, told: Told): void {
  if (draft.account?.currency === undefined) {
    draft.addGap('ACCOUNT_UNKNOWN', 'its opening was not seen', told);
  }
}
