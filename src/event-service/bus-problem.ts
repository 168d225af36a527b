import { PortcullisError } from '../core/errors.ts';
import { HttpProblem } from '../service/index.ts';
import type { Logger } from '../telemetry/index.ts';

/** Whether it says that the bus cannot now, which is no fault of this service. */
export const isOfBus = (error: unknown): error is PortcullisError =>
  error instanceof PortcullisError && error.code.startsWith('BUS_');

/** For whoever asked: what the medium said may name paths and hosts, and is for the log. */
export const sentenceOf = (error: unknown): string => {
  const isClosed = error instanceof PortcullisError && error.code === 'BUS_CLOSED';
  return isClosed ? 'BUS_CLOSED: the bus is closed' : 'BUS_UNAVAILABLE: the bus cannot do it now';
};

/** What an answer says of a failure of the bus: 400 where the request was wrong, 503 where the bus cannot now, else itself. */
export function busProblem(error: unknown, log: Pick<Logger, 'warn'>): unknown {
  if (!(error instanceof PortcullisError)) return error;
  const { code, message } = error;
  if (code === 'INPUT_INVALID' || code === 'OPTION_INVALID')
    return new HttpProblem(400, message, { cause: error });
  if (!isOfBus(error)) return error;
  log.warn({ err: error }, 'the bus cannot do what was asked');
  return new HttpProblem(503, sentenceOf(error), { cause: error });
}
