import type { Clock } from '../../core/clock.ts';
import type { VenueDriver } from '../../desk/venue/venue-driver.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { Side } from '../../trading/order-intent.ts';

/** One venue under test. Each case gets a fresh one: no orders, no fills, no positions. */
export interface VenueUnderTest {
  readonly driver: VenueDriver;
  /** Has to allow orders of its smallest quantity and of forty times that, at about `price`. */
  readonly instrument: Instrument;
  readonly accountId: string;
  /** Cash of the account in the quote currency of the instrument: plain decimal. It has to pay for what the cases buy. */
  readonly balance: string;
  /** A price, on the grid, at which the instrument may trade, and twenty ticks either way of it. Default: 1,000 ticks. */
  readonly price?: string;
  /** The clock that the driver goes by. */
  readonly clock: Clock;
  /** Lets time pass until what is under way between driver and venue may have arrived. Called again and again. */
  settle(): Promise<void>;
  /** Makes others show these prices, each with this quantity, and nothing else. Plain decimals on the grid. */
  quote(bid: string, ask: string, quantity: string): Promise<void>;
  /**
   * Makes somebody else buy or sell at most so much at this price, and no further. Cases ask for it only where ours is the
   * best order on the other side and alone at its price, or where there is no order at all.
   */
  trade(aggressor: Side, price: string, quantity: string): Promise<void>;
  /** Closes and cleans up. */
  dispose(): Promise<void>;
}
