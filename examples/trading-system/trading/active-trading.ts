import { PortcullisError } from 'portcullis/core';
import { SIGNAL_RAISED, type Subscription } from 'portcullis/events';
import type { LimitControl, OrderDesk } from 'portcullis/desk';
import type { SystemConfig } from '../config.ts';
import type { TradingParts } from '../parts/parts.ts';
import { SIGNAL_OUTCOMES, SignalTrader } from './signal-trader.ts';
import type { Tenancy } from './standby.ts';
import { TradingDesk, type TradingDeskDeps } from './trading-desk.ts';
import { WatchedLog } from './watched-log.ts';

const SIGNALS = {
  name: 'trading_signals_total',
  help: 'Signals by what became of them.',
  labels: { outcome: SIGNAL_OUTCOMES },
} as const;

const OPENING = {
  name: 'trading_takeover_seconds',
  help: 'How long the parts of the last opening of the desk took.',
  labels: { part: ['storage', 'journal', 'reconcile', 'signals'] },
} as const;

export type ActiveTradingDeps = Omit<TradingDeskDeps, 'storage'> &
  Pick<TradingParts, 'openDesk'> & {
    /** Whether all other processes can know what was tripped here. */
    readonly isTold: () => boolean;
  };

/** What trades for as long as a lease is held: the desk, and the signals that it takes. */
export interface ActiveTrading extends Tenancy {
  readonly desk: OrderDesk;
  readonly limits: LimitControl;
  readonly token: number;
}

/** For what a failed journal has tripped: cancels go out, and the other processes hear of it. */
const FAREWELL_MS = 2_000;
const LOOK_MS = 20;

/** Opens the desk, compares its books with the venue's, then takes signals. @throws what opening throws, with all closed again */
export async function openActiveTrading(
  config: SystemConfig,
  deps: ActiveTradingDeps,
): Promise<ActiveTrading> {
  const { clock, tenure, logger, metrics } = deps;
  const opening = metrics.gauge(OPENING);
  const tookMs: Record<string, number> = {};
  let beganMs = clock.monotonicMs();
  const lap = (part: 'storage' | 'journal' | 'reconcile' | 'signals'): void => {
    const ms = clock.monotonicMs() - beganMs;
    beganMs += ms;
    tookMs[part] = Math.round(ms);
    opening.set({ part }, ms / 1_000);
  };
  const opened = await deps.openDesk(tenure);
  lap('storage');
  const { promise: failed, resolve } = Promise.withResolvers<string>();
  let failure: string | undefined;
  const onFailed = (reason: string): void => {
    failure ??= reason;
    resolve(reason);
  };
  const journal = new WatchedLog('journal', opened.journal, { clock, onFailed });
  const audit = new WatchedLog('audit log', opened.audit, { clock, onFailed });
  const storage = { ...opened, journal, audit, close: () => opened.close() };
  const desk = await TradingDesk.open(config, { ...deps, storage }).catch(async (error: unknown) => {
    await storage.close();
    throw error;
  });
  lap('journal');
  // What the process has for others stays with it; on paper the venue ends with the desk.
  const workingOrders = config.venue.kind === 'paper' ? 'cancel' : 'leave';
  try {
    const found = await desk.start();
    lap('reconcile');
    const signals = takeSignals(config, {
      ...deps,
      desk,
      isFit: () => tenure.isHeld() && failure === undefined,
    });
    await signals.ready;
    lap('signals');
    logger.info({ fencedBy: tenure.token, tookMs, reconciled: found.kind }, 'this process trades');
    return {
      ...{ desk: desk.desk, limits: desk.limits, token: tenure.token },
      failed,
      problem: () => failure ?? journal.problem ?? audit.problem,
      close: async () => {
        if (failure !== undefined) {
          logger.error(
            { fencedBy: tenure.token, reason: failure },
            'this process can keep no record and ends',
          );
          await farewell(deps);
        }
        await signals.stop(tenure.isHeld() ? 2_000 : 100);
        await desk.close(workingOrders);
        logger.info({ fencedBy: tenure.token }, 'this process no longer trades');
      },
    };
  } catch (error) {
    await desk.close(workingOrders);
    throw error;
  }
}

/** Waits until what was tripped is known to the others, for as long as it makes sense. */
async function farewell({ clock, tenure, isTold }: ActiveTradingDeps): Promise<void> {
  const endMs = clock.monotonicMs() + FAREWELL_MS;
  do await clock.sleep(LOOK_MS);
  while (tenure.isHeld() && !isTold() && clock.monotonicMs() < endMs);
}

/** Signals wait on the bus while nobody trades; those that have expired by then are dropped and counted. */
function takeSignals(
  config: SystemConfig,
  deps: ActiveTradingDeps & { readonly desk: TradingDesk; readonly isFit: () => boolean },
): Subscription {
  const { bus, clock, instruments, metrics, desk, isFit } = deps;
  const counter = metrics.counter(SIGNALS);
  const trader = new SignalTrader(config, { desk: desk.desk, clock, instruments });
  return bus.subscribe(
    'trading',
    [SIGNAL_RAISED],
    async ({ data }) => {
      const outcome = await trader.take(data);
      // What was denied since the lease is over, or nothing can be recorded, is for whoever has it next.
      if (!isFit()) throw new PortcullisError('LEASE_LOST', 'signals: this process does not trade any more');
      counter.inc({ outcome });
    },
    { from: 'new', concurrency: 8, backoffMs: 50 },
  );
}
