import { ManualClock } from '../../../../src/core/index.ts';
import { LimitShares, type ShareAmounts } from '../../../../src/desk/index.ts';
import { KillSwitch } from '../../../../src/risk/index.ts';
import { MemoryStateStore } from '../../../../src/storage/index.ts';
import { ANN, NOW_MS, ScriptedAudit } from '../../support/limit-world.ts';

export const FIRM_LIMIT = 100;
export const amounts = (amount: number): ShareAmounts => ({ maxTotalExposure: String(amount) });

/** Shares of 50, 30 and 20 of 100, what is in force at each desk, and steps at any of which a process may die. */
export class ShareWorld {
  readonly clock = new ManualClock(NOW_MS);
  readonly server = new MemoryStateStore({ clock: this.clock });
  readonly audit = new ScriptedAudit();
  /** In force by desk, also of one that died; undefined: only exits. */
  readonly inForce = new Map<string, number>();
  readonly disks = new Map<string, MemoryStateStore>();
  isAway = false;
  /** Steps left until the process that makes them dies; -1 for never. */
  left = -1;
  onStep: () => void = () => undefined;

  get sum(): number {
    return [...this.inForce.values()].reduce((total, one) => total + one, 0);
  }

  async open(desk?: string): Promise<{ readonly shares: LimitShares; readonly killSwitch: KillSwitch }> {
    const life = { isDead: false };
    const step = async <T>(work: () => Promise<T> | T): Promise<T> => {
      this.onStep();
      if (life.isDead) await new Promise(() => undefined);
      if (this.left === 0) {
        life.isDead = true;
        throw new Error('it died');
      }
      if (this.left > 0) this.left -= 1;
      const done = await work();
      this.onStep();
      return done;
    };
    const { clock } = this;
    const disk = this.disks.get(desk ?? '') ?? new MemoryStateStore({ clock });
    this.disks.set(desk ?? '', disk);
    const reach = <T>(work: () => Promise<T>): Promise<T> =>
      step(() => (this.isAway ? Promise.reject(new Error('away')) : work()));
    const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
    const shares = await LimitShares.open(
      {
        clock,
        killSwitch,
        audit: { record: (event) => step(() => this.audit.record({ ...event })) },
        store: {
          get: (key) => reach(() => this.server.get(key)),
          set: (key, value, options) => reach(() => this.server.set(key, value, options)),
        },
        local: {
          get: (key) => step(() => disk.get(key)),
          set: (key, value, options) => step(() => disk.set(key, value, options)),
        },
        limits: {
          apply: (share) =>
            step(() => {
              if (desk !== undefined) this.inForce.set(desk, Number(share.maxTotalExposure ?? '0'));
            }),
        },
      },
      desk === undefined ? {} : { desk },
    );
    return { shares, killSwitch };
  }

  async shareOut(): Promise<LimitShares> {
    const { shares } = await this.open();
    await shares.shareOut({
      firm: amounts(FIRM_LIMIT),
      shares: { a: amounts(50), b: amounts(30), c: amounts(20) },
      by: ANN,
      reason: 'begin',
    });
    return shares;
  }
}
