import type { JsonValue } from '@openfeature/core';
import type { Clock } from '../../core/clock.ts';
import { system } from '../../core/principal.ts';
import { messageOf } from '../../core/message-of.ts';
import type { FlagControl } from '../flags/flag-control.ts';
import { settleWithin } from '../settle-within.ts';
import type { CheckVerdict } from './verdict.ts';

/** What a trigger found when it fired. JSON. */
export interface RollbackReport {
  readonly trigger: string;
  /** The version that runs. */
  readonly version: string;
  /** Wall time, milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** The check that was one too many. */
  readonly verdict: CheckVerdict;
  /** Failed checks among the last conclusive ones. */
  readonly failed: number;
  readonly conclusive: number;
}

/** What is done when a trigger fires. */
export interface RollbackAction {
  /** Stands in metrics and audit log. */
  readonly name: string;
  /** The signal aborts when its time is up. */
  run(report: RollbackReport, signal: AbortSignal): void | Promise<void>;
}

export interface ActionOutcome {
  readonly action: string;
  readonly outcome: 'done' | 'failed' | 'late' | 'dry-run';
  readonly error?: string;
}

/** Gives everybody `value` of the flag, in the name of `system:rollback/<trigger>`. */
export const flipFlag = (
  { flag, value }: { readonly flag: string; readonly value: JsonValue },
  deps: { readonly control: Pick<FlagControl, 'set'> },
): RollbackAction => ({
  name: `flag ${flag}`,
  run: ({ trigger, version, verdict }) =>
    deps.control.set(flag, value, system(`rollback/${trigger}`), `version ${version}: ${verdict.because}`),
});

/** Calls a function of yours. */
export const callHook = (name: string, run: RollbackAction['run']): RollbackAction => ({ name, run });

/** Runs all of them at once; none keeps another from running. Never rejects, and takes `timeoutMs` at most. */
export function runActions(
  actions: readonly RollbackAction[],
  report: RollbackReport,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Promise<readonly ActionOutcome[]> {
  return Promise.all(
    actions.map(async (one): Promise<ActionOutcome> => {
      const action = one.name;
      const abort = new AbortController();
      const end = await settleWithin(clock, timeoutMs, () => one.run(report, abort.signal));
      switch (end.kind) {
        case 'done':
          return { action, outcome: 'done' };
        case 'failed':
          return { action, outcome: 'failed', error: messageOf(end.error) };
        case 'late': {
          const error = `not done within ${timeoutMs} ms`;
          abort.abort(new Error(error));
          return { action, outcome: 'late', error };
        }
      }
    }),
  );
}
