import { logs } from './001-logs.ts';
import { state } from './002-state.ts';
import { snapshots } from './003-snapshots.ts';
import { history } from './004-history.ts';
import type { Migration } from './migration.ts';

/** In the order in which they run. */
export const MIGRATIONS: readonly Migration[] = [logs, state, snapshots, history];
