/** What is wanted at the full rate. */
const TARGETS = { apiP99Ms: 5, eventP99Ms: 10, errorFraction: 0.001 } as const;

/** What the targets are about. */
export interface Judged {
  /** Orders that were due per second, and those that were accepted. */
  readonly rate: number;
  readonly acceptedPerSec: number;
  /** Of all that were due, those that were not accepted, whatever the reason. */
  readonly errorFraction: number;
  readonly api: { readonly p99Ms: number };
  readonly event: { readonly p99Ms: number };
}

/** What is missed, in words; phrased as the pass, so that what is not known is missed. */
export function missed({ rate, acceptedPerSec, errorFraction, api, event }: Judged): readonly string[] {
  const checks: readonly (readonly [boolean, string])[] = [
    [acceptedPerSec >= rate * 0.995, `${acceptedPerSec.toFixed(0)}/s accepted of ${rate}/s`],
    [errorFraction < TARGETS.errorFraction, `${(100 * errorFraction).toFixed(3)} % not accepted`],
    [api.p99Ms <= TARGETS.apiP99Ms, `API p99 ${api.p99Ms.toFixed(1)} ms`],
    [event.p99Ms < TARGETS.eventP99Ms, `event p99 ${event.p99Ms.toFixed(1)} ms`],
  ];
  return checks.flatMap(([isMet, text]) => (isMet ? [] : [text]));
}

/** Whether orders get through in time, whatever becomes of the events. */
export const apiHolds = (judged: Judged): boolean => missed({ ...judged, event: { p99Ms: 0 } }).length === 0;

/** Slower than that, and orders pile up. */
const PILES_UP_MS = 1_000;

/** Whether orders get through at all, as many as are due. */
export const isSustained = (judged: Judged): boolean =>
  judged.api.p99Ms < PILES_UP_MS && apiHolds({ ...judged, api: { p99Ms: 0 } });
