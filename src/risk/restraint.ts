import type { Principal } from '../core/principal.ts';
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
