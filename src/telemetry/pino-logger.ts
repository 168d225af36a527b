import { type DestinationStream, type Logger as Pino, destination, pino } from 'pino';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { parseOptions } from '../core/options.ts';
import { correlation } from './correlation.ts';
import type { LogFields, LogMethod, Logger } from './logger.ts';
import { REDACTED, redactFields } from './redact.ts';

const schema = z.strictObject({
  /** Written into each line as `name`. */
  name: z.string().min(1),
  level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** Bytes collected before they are written; 0 writes each line at once. What is buffered needs `flush()`; an error does it. */
  bufferBytes: z.int().min(0).max(16_000).default(0),
  /** More paths to redact, as pino writes them (`order.account`, `*.pin`); keys that name a secret always are. */
  redact: z.array(z.string().min(1)).default([]),
});

/** @interface */
export type LoggerOptions = z.input<typeof schema>;

/** Where the lines go. `flushSync`, if there is one, writes out what the destination has buffered. */
export interface LogDestination {
  write(line: string): unknown;
  flushSync?(): void;
}

export interface LoggerDeps {
  readonly clock: Clock;
  /** Default: standard output, written synchronously. */
  readonly destination?: LogDestination;
}

/**
 * JSON lines over pino: `level`, `time` (milliseconds since the epoch, from the clock), `name`, `correlationId` where there
 * is one, the fields, `msg`.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function createLogger(options: LoggerOptions, deps: LoggerDeps): Logger {
  const { name, level, bufferBytes, redact } = parseOptions('createLogger', schema, options);
  const sink = deps.destination ?? destination({ fd: 1, sync: true, minLength: bufferBytes });
  const log = pino(
    {
      level,
      base: { name },
      timestamp: () => `,"time":${Math.round(deps.clock.nowMs())}`,
      formatters: {
        level: (label) => ({ level: label }),
      },
      // Errors are made plain by redactFields, wherever they stand.
      serializers: { err: (error: unknown) => error },
      mixin: () => {
        const correlationId = correlation.id();
        return correlationId === undefined ? {} : { correlationId };
      },
      ...(redact.length === 0 ? {} : { redact: { paths: redact, censor: REDACTED } }),
    },
    sink as DestinationStream,
  );
  return new PinoLogger(log, sink);
}

class PinoLogger implements Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly #log: Pino;
  readonly #sink: LogDestination;

  constructor(log: Pino, sink: LogDestination) {
    this.#log = log;
    this.#sink = sink;
    this.debug = this.#method('debug');
    this.info = this.#method('info');
    this.warn = this.#method('warn');
    const error = this.#method('error');
    this.error = (first: string | LogFields, message?: string): void => {
      error(first as LogFields, message as string);
      // What went wrong must be readable even if the process dies next.
      this.flush();
    };
  }

  child(bindings: LogFields): Logger {
    return new PinoLogger(this.#log.child(redactFields(bindings)), this.#sink);
  }

  flush(): void {
    this.#sink.flushSync?.();
  }

  #method(level: 'debug' | 'info' | 'warn' | 'error'): LogMethod {
    const log = this.#log;
    return (first: string | LogFields, message?: string): void => {
      if (typeof first === 'string') log[level](first);
      else if (log.isLevelEnabled(level)) log[level](redactFields(first), message);
    };
  }
}
