import { join } from 'node:path';
import { AuditLog } from 'portcullis/audit';
import { KillSwitch, SharedKillSwitch } from 'portcullis/risk';
import { DataDirectory } from 'portcullis/storage';
import type { Logger } from 'portcullis/telemetry';
import type { Parts } from '../parts/parts.ts';

/** A kill switch of a process of its own, with its record and its audit log on its own disk, in step with all others. */
export interface LocalKillSwitch extends AsyncDisposable {
  readonly killSwitch: KillSwitch;
  readonly shared: SharedKillSwitch;
}

/** @throws {PortcullisError} `DATA_DIR_LOCKED` when another process has the directory; what opening throws */
export async function openLocalKillSwitch(
  name: string,
  { clock, state, signals, dataDir }: Pick<Parts, 'clock' | 'state' | 'signals' | 'dataDir'>,
  logger: Logger,
): Promise<LocalKillSwitch> {
  const directory = await DataDirectory.open(join(dataDir, name), { clock });
  try {
    const store = await directory.openStore('state');
    const log = await directory.openLog('audit');
    const audit = await AuditLog.open(log, { clock });
    const killSwitch = await KillSwitch.open({ store, clock, audit }, directory.isNew);
    const listening = killSwitch.onChange((change) => {
      const details = change.kind === 'failed' ? { ...change, error: change.error.message } : change;
      // A trip waits for nobody; what is not in the audit log is at least in this one.
      audit.record({ ...details, kind: `kill-switch.${change.kind}` }).catch((err: unknown) => {
        logger.error({ err, change: change.kind }, 'audit log');
      });
    });
    const shared = await SharedKillSwitch.open({ killSwitch, store: state, signals, clock });
    return {
      killSwitch,
      shared,
      [Symbol.asyncDispose]: async () => {
        listening[Symbol.dispose]();
        await shared.close();
        await log.flush();
        await directory.close();
      },
    };
  } catch (error) {
    await directory.close();
    throw error;
  }
}
