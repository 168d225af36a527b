import { type Clock, onDispose } from '../core/clock.ts';
import type { Principal } from '../core/principal.ts';
import { Condition } from './condition.ts';
import type { KillRecord } from './kill-record.ts';
import type { KillSwitchListeners } from './kill-switch-change.ts';
import type { Restrictions } from './restrictions.ts';
import type { Scope } from './trading-state.ts';

export interface RestrainOrder {
  readonly scope: Scope;
  readonly to: 'reducing' | 'halted';
  readonly reason: string;
  /** The part of the system whose condition it is. */
  readonly by: Principal;
}

/** A restriction in memory only, for as long as a condition of this process lasts. Disposing of it lifts it; nobody is needed. */
export interface Restraint extends Disposable {
  /** Says anew why. Without effect once it is lifted. */
  update(reason: string): void;
}

export interface RestrainUnlessOrder extends Omit<RestrainOrder, 'reason'> {
  /** Asked for when it restrains. */
  readonly reason: string | (() => string);
}

/** A restriction in memory only, in force whenever its condition is not fine. Disposing of it ends it; nobody is needed. */
export interface ConditionalRestraint extends Disposable {
  /**
   * Tells the listeners of the switch if it came in force, said another reason or ceased since the last call. What is in force
   * does not wait for this.
   *
   * @returns whether it restrains now
   */
  tell(): boolean;
}

/** What restraints need of a switch. */
export interface RestraintDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly listeners: KillSwitchListeners;
  /** Those in force, which are others once the switch has been read. */
  readonly restrictions: () => Restrictions;
}

/** Restricts until disposed of. */
export function restrain(
  { clock, listeners, restrictions }: RestraintDeps,
  { scope, to, reason, by }: RestrainOrder,
): Restraint {
  const owner = {};
  let record: KillRecord | undefined;
  const set = (why: string): void => {
    record = { scope, state: to, reason: why, by, atMs: clock.nowMs() };
    restrictions().setRestraint(owner, record);
    listeners.tell({ kind: 'restrained', record });
  };
  set(reason);
  return {
    update: (why) => {
      if (record !== undefined && record.reason !== why) set(why);
    },
    [Symbol.dispose]: () => {
      if (record === undefined) return;
      const lifted = record;
      record = undefined;
      restrictions().setRestraint(owner, undefined);
      listeners.tell({ kind: 'unrestrained', record: lifted });
    },
  };
}

/** Restricts whenever `isFine` says anything but `true`, or throws; until disposed of. */
export function restrainUnless(
  { clock, listeners, restrictions }: RestraintDeps,
  isFine: () => boolean,
  { scope, to, reason, by }: RestrainUnlessOrder,
): ConditionalRestraint {
  const condition = new Condition(isFine, (before) => {
    const why = reasonOf(reason);
    if (before?.reason === why) return before;
    return { scope, state: to, reason: why, by, atMs: before?.atMs ?? clock.nowMs() };
  });
  const held = restrictions().addCondition(condition);
  let told: KillRecord | undefined;
  const tell = (now: KillRecord | undefined): void => {
    const before = told;
    told = now;
    if (now === before) return;
    if (now !== undefined) listeners.tell({ kind: 'restrained', record: now });
    else if (before !== undefined) listeners.tell({ kind: 'unrestrained', record: before });
  };
  let isOver = false;
  const ended = onDispose(() => {
    isOver = true;
    held[Symbol.dispose]();
    tell(undefined);
  });
  return {
    tell: () => {
      if (isOver) return false;
      tell(condition.standing);
      return told !== undefined;
    },
    [Symbol.dispose]: () => {
      ended[Symbol.dispose]();
    },
  };
}

/** It restrains whatever saying why meets. */
function reasonOf(reason: string | (() => string)): string {
  if (typeof reason === 'string') return reason;
  try {
    return reason();
  } catch {
    return 'a condition of this process is not fine, and cannot say why';
  }
}
