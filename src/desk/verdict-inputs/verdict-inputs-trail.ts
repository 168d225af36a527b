import type { AuditEvent } from '../../audit/audit-log.ts';
import type { Clock } from '../../core/clock.ts';
import type { OrderIntent } from '../../trading/order-intent.ts';
import type { Decision, Older } from '../order-path.ts';
import { type CaptureDeps, VerdictCapture } from './verdict-inputs-capture.ts';
import type { VerdictInputs, VerdictInputsMode } from './verdict-inputs.ts';
import { messageOf } from '../../core/message-of.ts';

export interface TrailDeps extends CaptureDeps {
  /** `undefined` where nobody keeps an audit log: then nothing is taken. */
  readonly recorder: { audit(event: AuditEvent): void } | undefined;
  /** Measures decisions where the clock is not the machine's. */
  readonly stopwatch: Pick<Clock, 'monotonicMs'>;
}

/** What is asked, as the path is asked it. */
export interface Asked {
  readonly intent: OrderIntent;
  readonly older?: Older;
  readonly overridden?: ReadonlySet<string> | undefined;
}

/** A verdict, how long it took by the stopwatch, and what it was made from, or why that is not to be had. */
export interface Made {
  readonly decision: Decision;
  readonly tookMs: number;
  readonly inputs?: VerdictInputs | string;
}

/** Takes down what verdicts are made from, and the rules whenever they are new to this process. */
export class VerdictTrail {
  readonly #mode: VerdictInputsMode;
  readonly #deps: TrailDeps;
  readonly #capture: VerdictCapture;
  /** Hashes of the rules that have been recorded. */
  readonly #told = new Set<string>();

  constructor(mode: VerdictInputsMode, deps: TrailDeps) {
    this.#mode = mode;
    this.#deps = deps;
    this.#capture = new VerdictCapture(deps);
  }

  /** Runs a decision. The rules are recorded before it; what it is made from is given back, to be recorded with it. */
  around(asked: Asked, decide: () => Decision): Made {
    const { recorder, clock } = this.#deps;
    if (recorder === undefined) return this.#timed(decide);
    this.#tellRules(recorder);
    if (this.#mode === 'none') return this.#timed(decide);
    const sinceMs = clock.monotonicMs();
    const before = this.#mode === 'all' ? this.#take(asked) : undefined;
    const made = this.#timed(decide);
    // What is denied has left no trace, so it can be looked at afterwards as well.
    const inputs = before ?? (made.decision.kind === 'denied' ? this.#take(asked) : undefined);
    if (inputs === undefined) return made;
    if (typeof inputs === 'string') return { ...made, inputs };
    return { ...made, inputs: { ...inputs, spanMs: clock.monotonicMs() - sinceMs } };
  }

  #timed(decide: () => Decision): Made {
    const { stopwatch } = this.#deps;
    const startedMs = stopwatch.monotonicMs();
    const decision = decide();
    return { decision, tookMs: stopwatch.monotonicMs() - startedMs };
  }

  #tellRules(recorder: { audit(event: AuditEvent): void }): void {
    const { hash, rules } = this.#capture.rules();
    if (this.#told.has(hash)) return;
    this.#told.add(hash);
    recorder.audit({ kind: 'limits.in-force', rulesHash: hash, rules });
  }

  /** An intent may hold anything: what cannot be taken down must not keep it from being denied. */
  #take({ intent, older, overridden }: Asked): VerdictInputs | string {
    try {
      const inputs = this.#capture.take(intent, older);
      return overridden === undefined ? inputs : { ...inputs, overridden: [...overridden] };
    } catch (error) {
      return `not to be had: ${messageOf(error)}`;
    }
  }
}
