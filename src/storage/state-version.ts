/**
 * The version after another: the wall clock in microseconds where that is higher.
 *
 * @param last of the store, 0 for none
 * @param nowMs wall time, milliseconds since the Unix epoch; one that is no time counts as none
 */
export function versionAfter(last: number, nowMs: number): number {
  const now = Math.floor(nowMs * 1_000);
  return Number.isSafeInteger(now) && now > last ? now : last + 1;
}
