import { AuditLog } from '../audit/audit-log.ts';
import type { Clock } from '../core/clock.ts';
import type { KillSwitch } from '../risk/kill-switch.ts';
import type { KillSwitchChange } from '../risk/kill-switch-change.ts';
import type { DataDirectory } from '../storage/data-directory.ts';

/**
 * Opens the audit log of a directory, to record what a command does. Of a trimmed log, what is left is believed as it stands:
 * nobody is to look for keys before a kill switch trips.
 */
export const openAudit = async (
  directory: DataDirectory,
  name: string,
  clock: Pick<Clock, 'nowMs'>,
): Promise<AuditLog> => AuditLog.open(await directory.openLog(name), { clock }, { anchor: 'first-record' });

/** What a command has done to a kill switch, for the audit log. */
export class Changes {
  readonly #changes: KillSwitchChange[] = [];

  constructor(killSwitch: KillSwitch) {
    killSwitch.onChange((change) => this.#changes.push(change));
  }

  /** Records the trips and releases there were, as a trading process does. */
  async recordIn(audit: AuditLog): Promise<void> {
    for (const change of this.#changes.splice(0)) {
      if (change.kind !== 'tripped' && change.kind !== 'released') continue;
      const { kind, ...details } = change;
      await audit.record({ ...details, kind: `kill-switch.${kind}` });
    }
  }
}
