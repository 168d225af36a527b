import { hash } from 'node:crypto';
import { type Clock, decimal, toGrid, toText } from 'portcullis/core';
import type { OrderDesk } from 'portcullis/desk';
import type { Instrument, MarketView, OrderIntent, OrderOutcome, Signal } from 'portcullis/trading';
import type { SystemConfig } from '../config.ts';

/** What became of a signal: an outcome of its order, or why there is none. */
export const SIGNAL_OUTCOMES = [
  'accepted',
  'denied',
  'duplicate',
  'rejected',
  'unknown',
  /** It came too late. */
  'expired',
  /** Its strategy has, or does not have, what it asks for already. */
  'nothing-to-do',
  /** The instrument is not traded here, or has no price, or the order would be smaller than one may be. */
  'no-order',
] as const;
export type SignalOutcome = (typeof SIGNAL_OUTCOMES)[number];

export interface SignalTraderDeps {
  readonly desk: Pick<OrderDesk, 'submit' | 'book'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly instruments: readonly Instrument[];
}

/** Digits of a confidence that count. */
const CONFIDENCE_PLACES = 4;

/**
 * Makes orders of signals: buys once, for as much money as the configuration has for the instrument, by the confidence; sells all
 * that the strategy has. The order is named after the signal, so that a signal that comes twice, here or to a successor, is one order.
 */
export class SignalTrader {
  readonly #config: Pick<SystemConfig, 'account' | 'instruments' | 'maxSlippageBps'>;
  readonly #deps: SignalTraderDeps;

  constructor(
    config: Pick<SystemConfig, 'account' | 'instruments' | 'maxSlippageBps'>,
    deps: SignalTraderDeps,
  ) {
    this.#config = config;
    this.#deps = deps;
  }

  async take(signal: Signal): Promise<SignalOutcome> {
    const { desk, clock } = this.#deps;
    if (!(clock.nowMs() <= signal.expiresAtMs)) return 'expired';
    const intent = this.#intent(signal);
    if (typeof intent === 'string') return intent;
    const outcome: OrderOutcome = await desk.submit(intent);
    return outcome.kind;
  }

  #intent(signal: Signal): OrderIntent | 'nothing-to-do' | 'no-order' {
    const { signalId, strategyId, instrumentId, direction } = signal;
    const { desk, instruments } = this.#deps;
    const { account, maxSlippageBps } = this.#config;
    const instrument = instruments.find((one) => one.instrumentId === instrumentId);
    const view = desk.book.view(instrumentId);
    if (instrument === undefined || view === undefined) return 'no-order';
    const { accountId } = account;
    const share = desk.book.cell(accountId, instrumentId)?.share(strategyId);
    const { pos, buy, sell } = share ?? { pos: 0, buy: 0, sell: 0 };
    const isEntry = direction === 'buy';
    if (isEntry ? pos + buy > 0 : pos <= sell) return 'nothing-to-do';
    const lots = isEntry ? this.#lotsToBuy(signal, instrument, view) : pos - sell;
    if (!(lots >= instrument.minQuantity)) return 'no-order';
    return {
      ...{ intentId: intentIdOf(signalId), accountId, strategyId, instrumentId },
      side: isEntry ? 'buy' : 'sell',
      quantity: toText(lots, instrument.grid.step),
      ...(!isEntry && { reduceOnly: true }),
      price: { type: 'market', maxSlippageBps },
    };
  }

  /** NaN without a price. */
  #lotsToBuy({ instrumentId, confidence }: Signal, { grid }: Instrument, { asks }: MarketView): number {
    const clip = this.#config.instruments.find((one) => one.instrumentId === instrumentId)?.clipNotional;
    const [best] = asks;
    if (clip === undefined || best === undefined) return NaN;
    const money = decimal(clip).times(decimal(confidence.toFixed(CONFIDENCE_PLACES)));
    const quantity = money.div(decimal(toText(best.price, grid.tick)));
    return toGrid(quantity.toFixed(grid.step.places + 1), grid.step, 'down');
  }
}

/** The same for the same signal, for ever. */
export const intentIdOf = (signalId: string): string => hash('sha256', `signal ${signalId}`).slice(0, 32);
