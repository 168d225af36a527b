import { ManualClock } from '../../../src/core/index.ts';
import type { KillSwitch, TripOrder } from '../../../src/risk/index.ts';

/** A kill switch that only writes down what it was asked for, and a clock. */
export function tripping() {
  const clock = new ManualClock();
  const trips: TripOrder[] = [];
  const killSwitch: Pick<KillSwitch, 'trip'> = {
    trip: (order) => {
      trips.push(order);
      return new Promise(() => undefined);
    },
  };
  return { clock, trips, killSwitch };
}

export const DAY_MS = 86_400_000;
