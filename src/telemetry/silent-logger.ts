import type { Logger } from './logger.ts';

const ignore = (): void => undefined;

/** Says nothing: the default of components that can do without a logger. */
export const silentLogger: Logger = Object.freeze({
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLogger,
  flush: ignore,
});
