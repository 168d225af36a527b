import type { MarketEvent } from '../trading/market-event.ts';
import type { WindowCursor } from './disturbance-windows.ts';
import type { FeedStage } from './feed-stage.ts';

const HOUR_MS = 3_600_000;

/** The exchange stamps its events with a clock that runs away from ours; when it is over, the clock has been set right. */
export class ClockDriftStage implements FeedStage {
  readonly #windows: WindowCursor<'clock-drift'>;

  constructor(windows: WindowCursor<'clock-drift'>) {
    this.#windows = windows;
  }

  take(event: MarketEvent): readonly MarketEvent[] {
    const window = this.#windows.at(event.receivedMs);
    if (window === undefined || event.exchangeMs === undefined) return [event];
    const { stepMs, driftMsPerHour } = window.disturbance;
    const offsetMs = stepMs + (driftMsPerHour * (event.receivedMs - window.fromMs)) / HOUR_MS;
    return [{ ...event, exchangeMs: Math.round(event.exchangeMs + offsetMs) }];
  }
}
