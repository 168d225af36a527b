import { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import { ClockDriftStage } from './clock-drift-stage.ts';
import { CrossedStage } from './crossed-stage.ts';
import { feedDisturbanceSchema } from './disturbance.ts';
import { WindowCursor, type WindowSource } from './disturbance-windows.ts';
import type { FeedStage } from './feed-stage.ts';
import { OutageStage } from './outage-stage.ts';
import { StuckStage } from './stuck-stage.ts';

const schema = z.strictObject({
  /** For the disturbances that are drawn. */
  seed: z.int().default(1),
  disturbances: z.array(feedDisturbanceSchema).max(1_000),
});

/** @interface */
export type DisturbedMarketOptions = z.input<typeof schema>;

/** @interface */
export type DisturbedMarketSettings = z.output<typeof schema>;

/**
 * Any market events, with what goes wrong between a venue and its listener: outages, stuck and crossed quotes, a clock that
 * drifts. Nothing comes earlier or later than without it, update ids stay those of the venue, and once a disturbance is
 * over the book that a reader keeps is the true one again.
 *
 * `receivedMs` of the events must not decrease. Iterable as often as the events are.
 */
export class DisturbedMarket implements Iterable<MarketEvent> {
  /** The options with their defaults. */
  readonly settings: DisturbedMarketSettings;
  readonly #events: Iterable<MarketEvent>;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: DisturbedMarketOptions, deps: { readonly events: Iterable<MarketEvent> }) {
    this.settings = parseOptions('DisturbedMarket', schema, options);
    this.#events = deps.events;
  }

  [Symbol.iterator](): Generator<MarketEvent, void, undefined> {
    return disturbed(this.#events, this.settings);
  }
}

/** @param source drawn windows begin at its `startMs`; by default with the first event */
export function* disturbed(
  events: Iterable<MarketEvent>,
  source: Omit<WindowSource, 'startMs'> & { readonly startMs?: number },
): Generator<MarketEvent, void, undefined> {
  const byInstrument = new Map<string, readonly FeedStage[]>();
  let startMs = source.startMs;
  for (const event of events) {
    startMs ??= event.receivedMs;
    let stages = byInstrument.get(event.instrumentId);
    if (stages === undefined) {
      stages = stagesOf(event.instrumentId, { ...source, startMs });
      byInstrument.set(event.instrumentId, stages);
    }
    if (stages.length === 0) yield event;
    else yield* through(stages, event);
  }
}

function through(stages: readonly FeedStage[], event: MarketEvent): readonly MarketEvent[] {
  let events: readonly MarketEvent[] = [event];
  for (const stage of stages) {
    const [only] = events;
    if (only === undefined) return events;
    events = events.length === 1 ? stage.take(only) : events.flatMap((each) => stage.take(each));
  }
  return events;
}

/** From the venue to us: what it says wrongly, then what is lost. */
function stagesOf(instrumentId: string, source: WindowSource): readonly FeedStage[] {
  const stuck = new WindowCursor('stuck', instrumentId, source);
  const crossed = new WindowCursor('crossed', instrumentId, source);
  const drift = new WindowCursor('clock-drift', instrumentId, source);
  const outage = new WindowCursor('outage', instrumentId, source);
  return [
    ...(stuck.empty ? [] : [new StuckStage(stuck)]),
    ...(crossed.empty ? [] : [new CrossedStage(crossed)]),
    ...(drift.empty ? [] : [new ClockDriftStage(drift)]),
    ...(outage.empty ? [] : [new OutageStage(outage)]),
  ];
}
