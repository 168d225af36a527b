import { expect } from 'vitest';
import { ManualClock, person, system } from '../../../src/core/index.ts';
import {
  type CancelResult,
  type CancelRound,
  FIRM,
  type KillRecord,
  KillSwitch,
  type KillSwitchChange,
  type KillSwitchOptions,
  type Scope,
  type WorkingOrders,
  scopeKey,
} from '../../../src/risk/index.ts';
import type { StateStore } from '../../../src/storage/index.ts';
import { ScriptedStateStore } from '../../support/state-stores.ts';

export const ANN = person('ann');
export const BOB = person('bob');
export const MONITOR = system('monitor');
export const AT_MS = Date.UTC(2026, 0, 2);
export const account = (id: string): Scope => ({ kind: 'account', id });

export const reducing = (scope: Scope = FIRM) =>
  ({ scope, to: 'reducing', reason: 'drawdown', by: MONITOR }) as const;
export const halted = (scope: Scope = FIRM) => ({ scope, to: 'halted', reason: 'fire', by: ANN }) as const;
export type Trip = ReturnType<typeof reducing> | ReturnType<typeof halted>;
export const release = (scope: Scope = FIRM) =>
  ({ scope, confirm: scopeKey(scope), reason: 'checked', by: ANN }) as const;
export const recordOf = (trip: Trip, atMs = AT_MS): KillRecord => ({
  scope: trip.scope,
  state: trip.to,
  reason: trip.reason,
  by: trip.by,
  atMs,
});

export const NOTHING_LEFT: CancelResult = { left: [], unprotected: [] };
export const round = (
  requested: readonly string[],
  settled: Promise<CancelResult> = Promise.resolve(NOTHING_LEFT),
): CancelRound => ({ requested, settled });
export const confirmedOf = (record: KillRecord, result = NOTHING_LEFT) =>
  ({ kind: 'confirmed', record, result }) as const;

export interface OpenSwitch {
  readonly clock: ManualClock;
  readonly killSwitch: KillSwitch;
  readonly changes: KillSwitchChange[];
}

export async function open({
  store = new ScriptedStateStore(),
  isNew = true,
  venue,
  clock = new ManualClock(AT_MS),
  options = {},
}: {
  readonly store?: Pick<StateStore, 'get' | 'set'>;
  readonly isNew?: boolean;
  readonly venue?: string;
  readonly clock?: ManualClock;
  readonly options?: KillSwitchOptions;
} = {}): Promise<OpenSwitch> {
  const killSwitch = await KillSwitch.open(
    { store, clock, ...(venue === undefined ? {} : { venue }) },
    isNew,
    options,
  );
  const changes: KillSwitchChange[] = [];
  killSwitch.onChange((change) => changes.push(change));
  return { clock, killSwitch, changes };
}

/** A switch over a store that does what it is told. */
export async function scripted(options: KillSwitchOptions = {}) {
  const store = new ScriptedStateStore();
  return { store, ...(await open({ store, options })) };
}

/** What was told, but for the ends of cancels. */
export const kinds = (changes: readonly KillSwitchChange[]): readonly string[] =>
  changes.map(({ kind }) => kind).filter((kind) => kind !== 'confirmed');

/** Working orders that write down what was cancelled. */
export function workingOrders(cancel: WorkingOrders['cancel'] = () => round(['order-1', 'order-2'])) {
  const calls: unknown[] = [];
  const port: WorkingOrders = {
    cancel(scope, rule) {
      calls.push([scope, rule]);
      return cancel(scope, rule);
    },
  };
  return { calls, port };
}

export const failure = (code: string, message: string) => expect.objectContaining({ code, message }) as Error;
