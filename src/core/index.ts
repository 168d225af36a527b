export { type Clock, SystemClock } from './clock.ts';
export { ManualClock } from './manual-clock.ts';
export { ERROR_CATALOGUE, type ErrorCode, PortcullisError } from './errors.ts';
export { parseInput, parseOptions } from './options.ts';
