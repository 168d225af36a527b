import { type DestinationStream, type Logger as Pino, pino } from 'pino';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { parseOptions } from '../core/options.ts';
import {
  LOG_LEVELS,
  type LeveledLogger,
  type LogFields,
  type LogLevel,
  type LogMethod,
  type Logger,
} from './logger.ts';
import { LineWriter } from './line-writer.ts';
import { bindingFields, lineFields, redactPaths } from './line-fields.ts';
import { REDACTED, redactFields, redactText } from './redact.ts';
import { scopeFields } from './tracing-scope.ts';

const STDOUT = 1;

const levelSchema = z.enum(LOG_LEVELS);

const schema = z.strictObject({
  /** Written into each line as `name`. */
  name: z.string().min(1),
  /** The least that is written; can be changed later on the logger. */
  level: levelSchema.default('info'),
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
 * JSON lines over pino: `level`, `time` (milliseconds since the epoch, from the clock), `name`, `correlationId`, `traceId` and
 * `spanId` where there are any, the fields, `msg`. A line that the destination refuses is lost, and nobody is troubled.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function createLogger(options: LoggerOptions, deps: LoggerDeps): LeveledLogger {
  const { name, level, bufferBytes, redact } = parseOptions('createLogger', schema, options);
  const sink = deps.destination ?? new LineWriter(STDOUT, bufferBytes);
  const log = pino(
    {
      // The threshold below decides, for all children at once.
      level: LOG_LEVELS[0],
      base: { name },
      timestamp: () => `,"time":${Math.round(deps.clock.nowMs())}`,
      formatters: {
        level: (label) => ({ level: label }),
      },
      // Errors are made plain by redactFields, wherever they stand.
      serializers: { err: (error: unknown) => error },
      mixin: scopeFields,
      mixinMergeStrategy: lineFields,
      ...(redact.length === 0 ? {} : { redact: { paths: redactPaths(redact), censor: REDACTED } }),
    },
    sink as DestinationStream,
  );
  return new PinoLogger(log, sink, new Threshold(level));
}

/** Shared by a logger and all its children. */
class Threshold {
  level: LogLevel;
  rank: number;

  constructor(level: LogLevel) {
    this.level = level;
    this.rank = LOG_LEVELS.indexOf(level);
  }

  set(level: LogLevel): void {
    this.level = parseOptions('Logger level', levelSchema, level);
    this.rank = LOG_LEVELS.indexOf(level);
  }
}

class PinoLogger implements LeveledLogger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly #log: Pino;
  readonly #sink: LogDestination;
  readonly #threshold: Threshold;

  constructor(log: Pino, sink: LogDestination, threshold: Threshold) {
    this.#log = log;
    this.#sink = sink;
    this.#threshold = threshold;
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

  get level(): LogLevel {
    return this.#threshold.level;
  }

  set level(level: LogLevel) {
    this.#threshold.set(level);
  }

  child(bindings: LogFields): Logger {
    return new PinoLogger(this.#child(bindingFields(redactFields(bindings))), this.#sink, this.#threshold);
  }

  flush(): void {
    attempt(() => this.#sink.flushSync?.());
  }

  #child(bindings: LogFields): Pino {
    try {
      return this.#log.child(bindings);
    } catch {
      // Keys that hide what pino calls on the bindings.
      return this.#log.child({ unreadableFields: Object.keys(bindings) });
    }
  }

  #method(level: LogLevel): LogMethod {
    const log = this.#log;
    const threshold = this.#threshold;
    const rank = LOG_LEVELS.indexOf(level);
    return (first: string | LogFields, message?: string): void => {
      if (rank < threshold.rank) return;
      attempt(() => {
        if (typeof first === 'string') log[level](redactText(first));
        else log[level](redactFields(first), message === undefined ? undefined : redactText(message));
      });
    };
  }
}

/** Logging never throws into what logs. */
function attempt(fn: () => unknown): void {
  try {
    fn();
  } catch {
    // There is nowhere left to say it.
  }
}
