import type { AuditEvent } from '../../../src/audit/index.ts';
import type { DeskAudit } from '../../../src/desk/desk-audit.ts';
import { ManualClock } from '../../../src/core/index.ts';
import { DeskWorld, NOON_MS, type WorldOptions } from '../../support/desk-world.ts';

type Mode = 'take' | 'refuse' | 'throw' | 'hang';

/** An audit log that does what the test says, with each kind of event if need be. */
class AuditByHand implements DeskAudit {
  isWritable = true;
  mode: Mode = 'take';
  readonly modeOf = new Map<string, Mode>();
  /** What it has kept. */
  readonly kept: AuditEvent[] = [];
  readonly #hanging: (() => void)[] = [];

  record(event: AuditEvent): Promise<unknown> {
    const mode = this.modeOf.get(event.kind) ?? this.mode;
    if (mode === 'throw') throw new Error('at once');
    if (mode === 'refuse') return Promise.reject(new Error('the audit disk is full'));
    if (mode === 'take') {
      this.kept.push(event);
      return Promise.resolve();
    }
    return new Promise<void>((resolve) => {
      this.#hanging.push(() => {
        this.kept.push(event);
        resolve();
      });
    });
  }

  /** Keeps what hangs, and whatever comes. */
  answer(): void {
    this.mode = 'take';
    this.modeOf.clear();
    for (const keep of this.#hanging.splice(0)) keep();
  }

  get kinds(): readonly string[] {
    return this.kept.map(({ kind }) => kind);
  }
}

/** How long the desk of such a world waits for its audit log. */
export const AUDIT_MS = 400;

/** A desk with an audit log that takes everything until the test says otherwise. */
export async function auditedWorld(options: WorldOptions & { readonly tripsCancelNothing?: boolean } = {}) {
  const audit = new AuditByHand();
  const clock = options.clock ?? new ManualClock(NOON_MS);
  const world = await DeskWorld.open({
    ...options,
    clock,
    desk: { auditTimeoutMs: AUDIT_MS, reconcileEveryMs: 'never', ...options.desk },
    deps: { audit, ...options.deps },
  });
  audit.kept.length = 0;
  return { audit, world, clock };
}
