import type { SeededRandom } from '../core/random.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import { DailyHours } from './daily-hours.ts';
import { WindowCursor, type WindowSource } from './disturbance-windows.ts';
import type { InstrumentSizes } from './instrument-shape.ts';
import type { MarketClimate } from './market-climate.ts';
import { type MarketMood, PricePath } from './price-path.ts';
import { SimulatedFeed } from './simulated-feed.ts';
import type { SimulatedMarketsSettings } from './simulated-markets-options.ts';

type InstrumentSettings = SimulatedMarketsSettings['instruments'][number];
type Thinness = Pick<
  InstrumentSettings['illiquidHours'][number],
  'spreadFactor' | 'depthFactor' | 'activityFactor'
>;

/** One of several instruments: its price, when its venue is open, how liquid it is, and the events it makes of a step. */
export class InstrumentPath {
  readonly #path: PricePath;
  readonly #feed: SimulatedFeed;
  readonly #hours: DailyHours | undefined;
  readonly #closedFactor: number;
  readonly #thinHours: readonly { readonly hours: DailyHours; readonly thin: Thinness }[];
  readonly #thinWindows: WindowCursor<'illiquid'>;
  readonly #gaps: WindowCursor<'gap'>;
  #open = false;

  constructor(
    settings: InstrumentSettings,
    market: Pick<SimulatedMarketsSettings, 'stepMs' | 'latencyMs'>,
    deps: { readonly sizes: InstrumentSizes; readonly root: SeededRandom; readonly windows: WindowSource },
  ) {
    const { stepMs, latencyMs } = market;
    const { instrumentId, session } = settings;
    this.#path = new PricePath({ ...settings, stepMs }, deps.sizes.startTicks, deps.root.fork());
    this.#feed = new SimulatedFeed({ ...settings, stepMs, latencyMs }, deps.sizes, deps.root);
    this.#hours = session && new DailyHours(session.hours);
    this.#closedFactor = session?.closedVolatilityFactor ?? 1;
    this.#thinHours = settings.illiquidHours.map((thin) => ({ hours: new DailyHours(thin.hours), thin }));
    this.#thinWindows = new WindowCursor('illiquid', instrumentId, deps.windows);
    this.#gaps = new WindowCursor('gap', instrumentId, deps.windows);
  }

  /** As the market begins: a snapshot, if the venue is open. */
  begin(atMs: number, climate: MarketClimate, shock: number): readonly MarketEvent[] {
    return this.#at(atMs, climate, shock);
  }

  step(endMs: number, climate: MarketClimate, shock: number): readonly MarketEvent[] {
    return this.#at(this.#feed.moment(endMs), climate, shock);
  }

  #at(atMs: number, climate: MarketClimate, shock: number): readonly MarketEvent[] {
    for (const { disturbance } of this.#gaps.begun(atMs)) this.#path.jump(disturbance.jumpFraction);
    const wasOpen = this.#open;
    this.#open = this.#hours?.includes(atMs) ?? true;
    const mood = this.#path.step(climate, shock, this.#open ? 1 : this.#closedFactor);
    if (!this.#open) return [];
    const shown = this.#thinned(mood, atMs);
    return wasOpen ? this.#feed.step(atMs, shown) : [this.#feed.snapshot(atMs, shown)];
  }

  #thinned(mood: MarketMood, atMs: number): MarketMood {
    const thin: Thinness | undefined =
      this.#thinWindows.at(atMs)?.disturbance ??
      this.#thinHours.find(({ hours }) => hours.includes(atMs))?.thin;
    if (thin === undefined) return mood;
    return {
      ...mood,
      spread: mood.spread * thin.spreadFactor,
      depth: mood.depth * thin.depthFactor,
      activity: mood.activity * thin.activityFactor,
    };
  }
}
