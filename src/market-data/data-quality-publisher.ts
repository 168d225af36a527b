import { z } from 'zod';
import { parseOptions } from '../core/options.ts';
import type { PublisherDeps } from '../events/background-publisher.ts';
import { numberOf } from '../events/catalogue/event-fields.ts';
import { DATA_QUALITY_CHANGED } from '../events/catalogue/market-events.ts';
import { ChangeInterval } from '../events/change-interval.ts';
import { LatestPublisher } from '../events/latest-publisher.ts';
import type { DataProblem, DataProblemCode, MarketView } from '../trading/market-view.ts';

const schema = z.strictObject({
  /** One event of an instrument for each interval, milliseconds: the first at once, then what has come of it. */
  everyMs: z.number().min(1).default(1_000),
});

/** @interface */
export type DataQualityPublisherOptions = z.input<typeof schema>;

/** They belong to one event of the market and are over with the next: metrics count them. */
const PASSING: ReadonlySet<DataProblemCode> = new Set(['DUPLICATE', 'OUT_OF_ORDER', 'MALFORMED']);

interface Known {
  /** Of the last view: the same array as long as nothing changes. */
  seen: readonly DataProblem[];
  /** Those that last. */
  lasting: readonly DataProblem[];
  told: readonly DataProblem[];
}

const NONE: readonly DataProblem[] = [];

/**
 * Tells the bus `market.data-quality-changed`, until disposed: which problems of an instrument have begun and which have ended.
 * What the bus does not take is told again until it has the latest of each instrument. What was over again within an interval is not told, nor what belongs to a single event of the market.
 */
export class DataQualityPublisher implements Disposable {
  readonly #publisher: LatestPublisher;
  readonly #interval: ChangeInterval;
  readonly #instruments = new Map<string, Known>();

  /** @throws {PortcullisError} `OPTION_INVALID`; `METRIC_CONFLICT` when the registry has another metric of the name */
  constructor(options: DataQualityPublisherOptions, deps: PublisherDeps) {
    const { everyMs } = parseOptions('DataQualityPublisher', schema, options);
    this.#publisher = new LatestPublisher('data-quality', deps);
    this.#interval = new ChangeInterval({ everyMs, firstAtOnce: true }, deps.clock, (instrumentId) => {
      this.#tell(instrumentId);
    });
  }

  /** To be called with each view. While its problems stay the same, that costs one look. */
  update({ instrumentId, problems }: Pick<MarketView, 'instrumentId' | 'problems'>): void {
    const known = this.#known(instrumentId);
    if (known.seen === problems) return;
    known.seen = problems;
    const lasting = problems.filter(({ code }) => !PASSING.has(code));
    const isAsItWas = sameAs(known.lasting, lasting);
    known.lasting = lasting;
    if (!isAsItWas) this.#interval.changed(instrumentId);
  }

  [Symbol.dispose](): void {
    this.#interval[Symbol.dispose]();
    this.#publisher[Symbol.dispose]();
  }

  #known(instrumentId: string): Known {
    const present = this.#instruments.get(instrumentId);
    if (present !== undefined) return present;
    const known = { seen: NONE, lasting: NONE, told: NONE };
    this.#instruments.set(instrumentId, known);
    return known;
  }

  #tell(instrumentId: string): void {
    const known = this.#known(instrumentId);
    const { lasting, told } = known;
    if (sameAs(told, lasting)) return;
    known.told = lasting;
    this.#publisher.publish(instrumentId, DATA_QUALITY_CHANGED, () => ({
      instrumentId,
      isGood: !lasting.some(({ blocking }) => blocking),
      problems: lasting.map(({ code, blocking, measured, limit, note }) => ({
        ...{ code, blocking, note },
        measured: numberOf(measured),
        limit: numberOf(limit),
      })),
      began: lasting.filter((one) => !isIn(told, one)).map(({ code }) => code),
      ended: told.filter(({ code }) => !lasting.some((one) => one.code === code)).map(({ code }) => code),
    }));
  }
}

const isIn = (problems: readonly DataProblem[], { code, blocking }: DataProblem): boolean =>
  problems.some((one) => one.code === code && one.blocking === blocking);

const sameAs = (a: readonly DataProblem[], b: readonly DataProblem[]): boolean =>
  a.length === b.length && b.every((one) => isIn(a, one));
