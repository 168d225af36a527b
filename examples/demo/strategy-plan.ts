import { type Instrument } from 'portcullis/trading';
import { BandReversion } from './band-reversion.ts';
import { ChannelBreakout } from './channel-breakout.ts';
import { TraderStrategy } from './instrument-trader.ts';
import { OrderClerk } from './order-clerk.ts';

/** A strategy, and what it buys at a signal: by instrument, in units of the base. */
export interface StrategyPlan {
  readonly kind: 'band-reversion' | 'channel-breakout';
  readonly clips: Readonly<Record<string, string>>;
}

const PATIENCE_BARS = 3;
const CHANNEL_BARS = 90;
const STOP_ATRS = 6;

/** A strategy goes by the name of its kind. */
export function planned(
  { kind, clips }: StrategyPlan,
  instruments: readonly Instrument[],
  accountId: string,
): TraderStrategy {
  const traders = Object.entries(clips).map(([instrumentId, clip]) => {
    const instrument = instruments.find((one) => one.instrumentId === instrumentId);
    if (instrument === undefined) throw new Error(`${kind}: ${instrumentId} is not traded here`);
    const clerk = new OrderClerk(kind, accountId, instrument);
    return kind === 'band-reversion'
      ? new BandReversion({ clip, patienceBars: PATIENCE_BARS }, clerk)
      : new ChannelBreakout({ clip, channelBars: CHANNEL_BARS, stopAtrs: STOP_ATRS }, clerk);
  });
  return new TraderStrategy(kind, traders);
}
