import { inspect } from 'node:util';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { errorText } from '../../telemetry/error-text.ts';
import { settleWithin } from '../settle-within.ts';

/**
 * Asks one dependency whether it is well: returns nothing or `true` when it is, a reason (or `false`) when it is not, or throws.
 * Something with a health of its own answers with its whole report. The signal aborts when the time is up.
 */
export type HealthProbe = (signal: AbortSignal) => HealthAnswer | Promise<HealthAnswer>;
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a probe may be a function that returns nothing
export type HealthAnswer = void | undefined | boolean | string | HealthReport;

/** `degraded`: it works, but something below it that is not critical is down. */
export type HealthStatus = 'up' | 'degraded' | 'down';

/** The whole tree. */
export interface HealthReport {
  readonly status: HealthStatus;
  readonly checks: Readonly<Record<string, CheckReport>>;
}

/** What is known of one dependency. Times are wall time in milliseconds since the epoch. */
export interface CheckReport {
  readonly status: HealthStatus;
  /** Whether the service is not ready without it. */
  readonly critical: boolean;
  /** How long the last probe took. */
  readonly latencyMs: number;
  readonly checkedAtMs: number;
  /** When the status last became what it is. */
  readonly lastChangeMs: number;
  /** What the last probe found wrong; with the status still `up`, it has not failed often enough. */
  readonly reason?: string;
  /** What it consists of, when it has a health of its own. */
  readonly checks?: Readonly<Record<string, CheckReport>>;
}

/** @interface */
export interface CheckSettings {
  readonly critical: boolean;
  readonly timeoutMs: number;
  /** How long an answer is good for. */
  readonly cacheMs: number;
  /** Failures in a row that turn it down. */
  readonly failAfter: number;
  /** Passes in a row that turn it up again. */
  readonly passAfter: number;
}

/** What one probe found. */
interface Finding {
  readonly status: HealthStatus;
  readonly reason?: string;
  readonly checks?: Readonly<Record<string, CheckReport>>;
}

/** A probe that ignores its signal may hang for ever; so many are kept in mind. */
const MAX_HANGING = 5;
/** With so many hanging, a further one is started this long after the last: what is well again is found out. */
const HANGING_RETRY_MS = 30_000;
const MAX_REASON_LENGTH = 200;

/**
 * One dependency with its probe: asked at most once at a time, its answer good for `cacheMs`. The first answer counts at
 * once; from then on it takes `failAfter` failures in a row to turn it down and `passAfter` passes to turn it up.
 */
export class HealthCheck {
  readonly critical: boolean;
  readonly #probe: HealthProbe;
  readonly #settings: CheckSettings;
  readonly #clock: Clock;
  readonly #onReport: (report: CheckReport, before: CheckReport | undefined) => void;
  #running: Promise<CheckReport> | undefined;
  #last: CheckReport | undefined;
  #lastMonotonicMs = -Infinity;
  /** Answers in a row that contradict the status. */
  #contrary = 0;
  /** Probes under way, the oldest first. */
  readonly #hanging = new Set<AbortSignal>();
  #lastProbeMs = -Infinity;

  constructor(
    probe: HealthProbe,
    settings: CheckSettings,
    clock: Clock,
    onReport: (report: CheckReport, before: CheckReport | undefined) => void = () => undefined,
  ) {
    this.#probe = probe;
    this.critical = settings.critical;
    this.#settings = settings;
    this.#clock = clock;
    this.#onReport = onReport;
  }

  /** What was found last, if anything was. */
  get last(): CheckReport | undefined {
    return this.#last;
  }

  /** The last answer while it is fresh, else a new one. Never rejects, and never takes longer than `timeoutMs`. */
  report(): Promise<CheckReport> {
    const ageMs = this.#clock.monotonicMs() - this.#lastMonotonicMs;
    if (this.#last !== undefined && ageMs < this.#settings.cacheMs) return Promise.resolve(this.#last);
    return this.ask();
  }

  /** A new answer, or the one that is on its way. Never rejects, and never takes longer than `timeoutMs`. */
  ask(): Promise<CheckReport> {
    this.#running ??= this.#ask().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #ask(): Promise<CheckReport> {
    const startMs = this.#clock.monotonicMs();
    const { reason, ...found } = await this.#find();
    const status = this.#statusAfter(found.status);
    const nowMs = this.#clock.nowMs();
    const before = this.#last;
    this.#lastMonotonicMs = this.#clock.monotonicMs();
    this.#last = {
      ...found,
      status,
      critical: this.critical,
      latencyMs: this.#lastMonotonicMs - startMs,
      checkedAtMs: nowMs,
      lastChangeMs: before?.status === status ? before.lastChangeMs : nowMs,
      ...(reason === undefined ? {} : { reason: reason.slice(0, MAX_REASON_LENGTH) }),
    };
    this.#onReport(this.#last, before);
    return this.#last;
  }

  #statusAfter(found: HealthStatus): HealthStatus {
    const was = this.#last?.status;
    const isContrary = was !== undefined && (found === 'down') !== (was === 'down');
    this.#contrary = isContrary ? this.#contrary + 1 : 0;
    if (!isContrary) return found;
    if (this.#contrary < (found === 'down' ? this.#settings.failAfter : this.#settings.passAfter)) return was;
    this.#contrary = 0;
    return found;
  }

  async #find(): Promise<Finding> {
    if (!this.#hasRoom()) return down(`${this.#hanging.size} earlier probes still hang`);
    const { timeoutMs } = this.#settings;
    const abort = new AbortController();
    const end = await settleWithin(this.#clock, timeoutMs, () => this.#counted(abort.signal));
    switch (end.kind) {
      case 'late':
        abort.abort(new Error(`no answer within ${timeoutMs} ms`));
        return down(`no answer within ${timeoutMs} ms`);
      case 'failed':
        return readable(() => down(textOf(end.error)));
      case 'done':
        return readable(() => findingIn(end.value));
    }
  }

  /** Whether a further probe may start. Among too many that hang, the oldest is forgotten once the last is old enough. */
  #hasRoom(): boolean {
    if (this.#hanging.size < MAX_HANGING) return true;
    if (this.#clock.monotonicMs() - this.#lastProbeMs < HANGING_RETRY_MS) return false;
    const [oldest] = this.#hanging;
    if (oldest !== undefined) this.#hanging.delete(oldest);
    return true;
  }

  async #counted(signal: AbortSignal): Promise<unknown> {
    this.#hanging.add(signal);
    this.#lastProbeMs = this.#clock.monotonicMs();
    try {
      return await this.#probe(signal);
    } finally {
      this.#hanging.delete(signal);
    }
  }
}

/** What an error says may be no text, whatever its type claims. */
const down = (reason: unknown): Finding => ({ status: 'down', reason: errorText(reason) });

/** What a probe gives comes from outside: it may throw when it is looked at. */
function readable(read: () => Finding): Finding {
  try {
    return read();
  } catch {
    return down('the probe answered what cannot be read');
  }
}

const textOf = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : errorText(error);

/** Only a clear yes is one: whatever else comes back is down. */
function findingIn(answer: unknown): Finding {
  if (answer === undefined || answer === true) return { status: 'up' };
  if (typeof answer === 'string' && answer !== '') return down(answer);
  const nested = reportSchema.safeParse(answer);
  if (!nested.success) return down(`the probe answered ${inspect(answer)}`);
  JSON.stringify(nested.data); // throws for one that contains itself, which nobody could be shown
  return findingOf(nested.data as HealthReport);
}

const status = z.enum(['up', 'degraded', 'down']);
const checkSchema = z.object({
  status,
  critical: z.boolean(),
  latencyMs: z.number(),
  checkedAtMs: z.number(),
  lastChangeMs: z.number(),
  reason: z.string().optional(),
  get checks() {
    return z.record(z.string(), checkSchema).optional();
  },
});
/** Of something with a health of its own, perhaps of another process: what is not known here is left out. */
const reportSchema = z.object({ status, checks: z.record(z.string(), checkSchema) });

function findingOf({ status, checks }: HealthReport): Finding {
  const names = Object.entries(checks)
    .filter(([, check]) => check.status !== 'up')
    .map(([name]) => name);
  return status === 'up' ? { status, checks } : { status, checks, reason: `not up: ${names.join(', ')}` };
}
