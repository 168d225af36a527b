/** A denial as it is given or was written down: nothing in it is certain but gate and code. */
interface AnyDenial {
  readonly gate: string;
  readonly code: string;
  readonly measured?: unknown;
  readonly limit?: unknown;
  readonly note?: unknown;
}

interface SaidDenial {
  gate: string;
  code: string;
  measured?: number | string;
  limit?: number | string;
  note?: string;
}

/** A denial as an event says it. What JSON cannot say, such as NaN, is left out. */
export function saidDenial({ gate, code, measured, limit, note }: AnyDenial): SaidDenial {
  const said: SaidDenial = { gate, code };
  if (isMeasured(measured)) said.measured = measured;
  if (isMeasured(limit)) said.limit = limit;
  if (typeof note === 'string') said.note = note;
  return said;
}

const LONGEST = 128;

const isMeasured = (value: unknown): value is number | string =>
  typeof value === 'number'
    ? Number.isFinite(value)
    : typeof value === 'string' && value.length > 0 && value.length <= LONGEST;
