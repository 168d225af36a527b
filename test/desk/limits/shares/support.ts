import { ManualClock } from '../../../../src/core/index.ts';
import { decimal } from '../../../../src/core/decimal.ts';
import { unitsFloor } from '../../../../src/core/units.ts';
import {
  LimitControl,
  LimitShares,
  type LimitSharesOptions,
  type ShareAmounts,
  shareLimits,
} from '../../../../src/desk/index.ts';
import { ExecutionPolicy } from '../../../../src/execution/index.ts';
import { KillSwitch, RiskGuard } from '../../../../src/risk/index.ts';
import { MemoryStateStore } from '../../../../src/storage/index.ts';
import { Book } from '../../../../src/trading/index.ts';
import { ANN, NOW_MS, ScriptedAudit, execution, risk } from '../../support/limit-world.ts';

export const FIRM_LIMIT = 100;
/** Of money, in 1. */
const UNITS = unitsFloor(decimal('1'));
export const amounts = (amount: number): ShareAmounts => ({ maxTotalExposure: String(amount) });

interface Engine {
  readonly guard: RiskGuard;
  readonly store: MemoryStateStore;
  readonly control: LimitControl;
}

/** Shares of 50, 30 and 20 of 100, what is in force at each desk, and steps at any of which a process may die. */
export class ShareWorld {
  readonly clock = new ManualClock(NOW_MS);
  readonly server = new MemoryStateStore({ clock: this.clock });
  readonly audit = new ScriptedAudit();
  /** In force by desk, also of one that died; undefined: only exits. */
  readonly inForce = new Map<string, number>();
  readonly disks = new Map<string, MemoryStateStore>();
  /** Desks whose share is in force in the process that is there; at the others only exits pass. */
  readonly applied = new Set<string>();
  readonly engines = new Map<string, Engine>();
  isAway = false;
  /** Steps left until the process that makes them dies; -1 for never. */
  left = -1;
  onStep: () => void = () => undefined;

  get sum(): number {
    return [...this.inForce.values()].reduce((total, one) => total + one, 0);
  }

  /** A guard, and limits of the firm scope that persons change. */
  async engine(desk: string, killSwitch: KillSwitch): Promise<Engine> {
    const { clock } = this;
    const guard = new RiskGuard(risk('5000'), { book: new Book(), clock, killSwitch });
    const policy = new ExecutionPolicy(execution(500));
    const store = this.engines.get(desk)?.store ?? new MemoryStateStore({ clock });
    const deps = { guard, policy, killSwitch, store, audit: new ScriptedAudit(), clock };
    return { guard, store, control: await LimitControl.open(deps) };
  }

  /** A person writes this limit for the firm scope of one desk, or none. */
  async write(desk: string, amount?: number): Promise<void> {
    const scopes = amount === undefined ? [] : [{ scope: { kind: 'firm' }, ...amounts(amount) } as const];
    await this.engines.get(desk)?.control.change({ risk: risk('5000', { scopes }), by: ANN, reason: 'why' });
    if (this.applied.has(desk)) this.see(desk);
  }

  see(desk: string): void {
    const { scopes = [] } = this.engines.get(desk)?.guard.limits ?? {};
    const firm = scopes.find(({ scope }) => scope.kind === 'firm');
    this.inForce.set(desk, (firm?.maxTotalExposure ?? Infinity) / UNITS);
  }

  async open(
    desk?: string,
    options: LimitSharesOptions = {},
  ): Promise<{ readonly shares: LimitShares; readonly killSwitch: KillSwitch }> {
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
    const engine = await this.engine(desk ?? '', killSwitch);
    this.engines.set(desk ?? '', engine);
    this.applied.delete(desk ?? '');
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
            step(async () => {
              await shareLimits(engine.control).apply(share, { by: ANN, reason: 'why' });
              if (desk === undefined) return;
              this.applied.add(desk);
              this.see(desk);
            }),
        },
      },
      desk === undefined ? options : { ...options, desk },
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
