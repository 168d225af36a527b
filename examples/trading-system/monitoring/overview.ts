import { ROLES, type Role } from '../config.ts';
import type { ActiveDesk } from '../risk/trading-link.ts';
import type { FleetMember, KillSwitchStanding, Level } from './fleet.ts';

export interface HealthChange {
  readonly service: string;
  readonly state: string;
  readonly level: Level;
  readonly atMs: number;
}

/** What the page is made of. */
export interface Sight {
  readonly members: readonly FleetMember[];
  readonly killSwitch: KillSwitchStanding | undefined;
  readonly leaseName: string;
  readonly active: ActiveDesk | undefined;
  readonly changes: readonly HealthChange[];
  readonly atMs: number;
  /** Why the processes could not be looked up the last time; what else is said is then what was known before. */
  readonly problem?: { readonly reason: string; readonly sinceMs: number } | undefined;
}

/** What was known counts for so long. */
const BLIND_MS = 5_000;

const WORSE: Readonly<Record<Level, number>> = { up: 0, degraded: 1, down: 2 };

/** All of it on one page. */
export function overviewOf({ members, killSwitch, leaseName, active, changes, atMs, problem }: Sight) {
  const traders = members.filter(({ role }) => role === 'trading');
  const trader = traders.find(({ trading }) => trading?.role === 'active');
  const missing = ROLES.filter((role) => !members.some((one) => one.role === role));
  const isIncomplete = missing.length > 0 || trader === undefined;
  const isBlind = problem !== undefined && !(atMs - problem.sinceMs < BLIND_MS);
  const seen = isIncomplete || isBlind ? 'down' : worst(members);
  return {
    level: problem !== undefined && seen === 'up' ? ('degraded' as const) : seen,
    ...(problem && { problem: { ...problem } }),
    missing,
    instances: members.map(({ trading: _, ...one }) => one),
    trading: {
      ...(trader && { active: trader.instance }),
      standby: traders.flatMap(({ trading, instance }) => (trading?.role === 'standby' ? [instance] : [])),
      ...(active && { lease: { name: leaseName, ...active } }),
      ...(trader?.trading?.orders && { orders: trader.trading.orders }),
    },
    killSwitch: {
      state: killSwitch?.state ?? trader?.trading?.tradingState ?? ('unknown' as const),
      records: killSwitch?.records ?? [],
    },
    changes,
    atMs,
  };
}

/** Of several processes of a role one may be down: others have its work. */
function worst(members: readonly FleetMember[]): Level {
  const best = new Map<Role, Level>();
  let seen: Level = 'up';
  for (const { role, level } of members) {
    const before = best.get(role);
    best.set(role, before === undefined || WORSE[level] < WORSE[before] ? level : before);
    if (level !== 'up') seen = 'degraded';
  }
  return [...best.values()].includes('down') ? 'down' : seen;
}
