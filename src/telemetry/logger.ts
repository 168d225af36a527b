/**
 * Facts of a log line. Errors are written with code, message, stack and causes; keys that name a secret are redacted.
 *
 * `level`, `time`, `name` and `msg` are keys of the line itself: a field of that name is written as `field_level` and so on.
 * So is a `correlationId`, `traceId` or `spanId` that differs from the line's own, and each of the three in a `child`.
 */
export type LogFields = Readonly<Record<string, unknown>>;

/** From the most to the least: each includes those after it. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes one line: `log(message)` or `log(fields, message)`. Never throws. */
export interface LogMethod {
  (message: string): void;
  (fields: LogFields, message: string): void;
}

/** What every part of the house logs through. `createLogger` makes one over pino; `silentLogger` says nothing. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  /** A logger that adds `bindings` to each of its lines. */
  child(bindings: LogFields): Logger;
  /** Writes out what is buffered, before it returns. */
  flush(): void;
}

/** A logger whose level can change while it runs. */
export interface LeveledLogger extends Logger {
  /**
   * The least that is written. A change counts at once, for all children as well, whenever they were made.
   *
   * @throws {PortcullisError} `OPTION_INVALID` for anything but a level; the old one stays
   */
  level: LogLevel;
}
