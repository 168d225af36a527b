import type { KillRecord } from './kill-record.ts';
import type { ReleaseOrder } from './release.ts';

/** Who has released what, and why. */
export type Released = Pick<ReleaseOrder, 'reason' | 'by' | 'second'>;

/** The side of a kill switch that other processes are behind. Not for users: it loosens without asking who wants it. */
export interface SharedSide {
  /**
   * Every trip that tightens has an id of its own from here on. One that tightens nothing has the one that it repeats, or another
   * where nobody can say that the former was not released.
   */
  identify(newId: (repeated?: KillRecord) => string | undefined): void;
  /** Counts what was tripped elsewhere and is stricter than what stands here: as its own, with the cancels. */
  adopt(record: KillRecord): void;
  /** The trip stands as another one, which no release of the former ends. @returns it */
  renew(record: KillRecord): KillRecord;
  /** @throws {PortcullisError} `PRINCIPAL_REQUIRED`, `RELEASE_REFUSED`, as `KillSwitch.release` does */
  check(order: ReleaseOrder, record: KillRecord | undefined): KillRecord;
  /** @throws {PortcullisError} `LOG_WRITE_FAILED` */
  audit(order: ReleaseOrder, record: KillRecord): Promise<void>;
  /**
   * Ends a trip that was released elsewhere; what `instead` gives in that step stands for it from then on.
   *
   * @throws {PortcullisError} `STORE_UNAVAILABLE`; `RELEASE_REFUSED` when it was tripped again meanwhile
   */
  end(record: KillRecord, released: Released, instead: () => KillRecord | undefined): Promise<void>;
}
