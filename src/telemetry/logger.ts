/** Facts of a log line. Errors are written with code, message, stack and causes; keys that name a secret are redacted. */
export type LogFields = Readonly<Record<string, unknown>>;

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
