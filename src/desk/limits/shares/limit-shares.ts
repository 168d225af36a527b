import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { PortcullisError } from '../../../core/errors.ts';
import { parseOptions } from '../../../core/options.ts';
import { type Principal, requirePerson, system } from '../../../core/principal.ts';
import { FIRM } from '../../../risk/trading-state.ts';
import { answerInTime } from '../../answer-in-time.ts';
import {
  type FirmLimitsOrder,
  type LimitSharesDeps,
  type LimitSharesOptions,
  type ShareMoveOrder,
  type ShareOutOrder,
  sharesOptionsSchema,
} from './share-options.ts';
import { type KnownShare, ShareMemory } from './share-memory.ts';
import { checkLast, lacks, leftOf, withTotal, writtenBack } from './share-total.ts';
import { ShareEntry, asError } from './share-entry.ts';
import { asked, cancelled, checkMove, given, inForceOf, isSame, taken } from './share-moves.ts';
import {
  type ShareAmounts,
  type ShareMove,
  type ShareRecord,
  checkSum,
  readShares,
  sharedOut,
  writtenShares,
} from './share-record.ts';

const BY = system('limit-shares');

/**
 * Shares out limits of the firm among desks that know nothing of each other's positions, so that what all of them may use together
 * stays within. Nobody sees what of a share is used: move only what is not, since what a desk has lost or holds stays so, and whoever
 * gets its share may lose or hold as much again. A move lowers the limit of the giver first, then writes it down as given, then as
 * taken, and raises that of the taker last: whoever dies between any two steps, the shares in force never add up to more than the
 * limit of the firm. A desk that is not there gives when it is back; until then the move can be cancelled. Orders never wait for it:
 * what is in force stands in the guard. One process at a time may act for a desk: its lease sees to that.
 */
export class LimitShares {
  readonly #rules: z.output<typeof sharesOptionsSchema>;
  readonly #deps: LimitSharesDeps;
  readonly #held: Disposable[] = [];
  readonly #entry: ShareEntry;
  readonly #memory: ShareMemory;
  #record: ShareRecord | undefined;
  #inForce: ShareAmounts | undefined;
  #error: PortcullisError | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(deps: LimitSharesDeps, options: LimitSharesOptions) {
    this.#rules = parseOptions('LimitShares', sharesOptionsSchema, options);
    this.#deps = deps;
    this.#entry = new ShareEntry(deps, this.#rules.key, this.#rules.timeoutMs);
    this.#memory = new ShareMemory(deps.local, this.#entry, this.#rules.localFollowsDesk);
    if (this.#rules.desk === undefined) return;
    const reason = (): string =>
      `no share of the limits of the firm is known: ${this.#error?.message ?? 'none is recorded'}`;
    const order = { scope: FIRM, to: 'reducing', reason, by: BY } as const;
    deps.killSwitch.restrainUnless(() => this.#inForce !== undefined, order); // for as long as the process lasts
  }

  /**
   * Puts the recorded share of the desk in force; when that cannot be read, the last one known here; without either only exits pass
   * until there is one.
   *
   * @throws {PortcullisError} `OPTION_INVALID`
   */
  static async open(deps: LimitSharesDeps, options: LimitSharesOptions = {}): Promise<LimitShares> {
    const shares = new LimitShares(deps, options);
    await shares.#inTurn(() => shares.#memory.recall()).catch(() => undefined); // what the record says goes first
    await shares.look();
    if (shares.#inForce === undefined) await shares.#inTurn(() => shares.#takeLastKnown());
    const look = (): void => void shares.look();
    shares.#held.push(deps.clock.every(shares.#rules.pollMs, look));
    if (deps.signals !== undefined) shares.#held.push(deps.signals.onAnnounced(shares.#rules.key, look));
    return shares;
  }

  /** As it was seen last, moves that wait included. */
  get record(): ShareRecord | undefined {
    return this.#record;
  }

  /** Of this desk, in force; `undefined` while only exits pass. */
  get inForce(): ShareAmounts | undefined {
    return this.#inForce;
  }

  /** What the last look met. */
  get error(): PortcullisError | undefined {
    return this.#error;
  }

  /** Takes part in what waits, and puts the share in force. Never rejects. */
  look(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#settle();
        this.#error = undefined;
      } catch (error) {
        this.#error = asError(error);
      }
    });
  }

  /**
   * Shares out the limits of the firm, once.
   *
   * @throws {PortcullisError} `PRINCIPAL_REQUIRED`; `INPUT_INVALID` when it is more than there is; `LIMITS_CONFLICT` when they have
   *   been shared out; `LOG_WRITE_FAILED`, `STORE_UNAVAILABLE`
   */
  async shareOut({ firm, shares, by, reason }: ShareOutOrder): Promise<void> {
    requirePerson(by, reason, 'share out limits');
    const author = { kind: by.kind, id: by.id };
    const value = writtenShares({
      firm,
      revision: 1,
      shares,
      moves: [],
      missing: [],
      writes: {},
      by: author,
      reason,
    });
    const record = checkSum(readShares(value));
    await this.#audit('shared-out', { by, reason, firm: record.firm, shares: record.shares });
    await this.#change((present) => {
      if (present === undefined) return record;
      throw new PortcullisError(
        'LIMITS_CONFLICT',
        `limits have been shared out by ${present.by.id}: ${present.reason}`,
      );
    });
    await this.look();
  }

  /**
   * Asks one desk to give to another. Resolves when that is written down: each desk does its part when it looks.
   *
   * @returns the id of the move
   * @throws {PortcullisError} `PRINCIPAL_REQUIRED`; `INPUT_INVALID` when a desk is not known or has less;
   *   `LOG_WRITE_FAILED`, `STORE_UNAVAILABLE`: look at `record` before you ask again
   */
  async move(order: ShareMoveOrder): Promise<string> {
    const { from, to, amounts, by, reason } = order;
    requirePerson(by, reason, 'move limit');
    const id = randomUUID();
    const atMs = this.#deps.clock.nowMs();
    const author = { kind: by.kind, id: by.id };
    const move: ShareMove = { id, from, to, amounts, by: author, reason, atMs, step: 'asked' };
    await this.#audit('move-asked', { by, reason, move });
    await this.#change((present) => {
      checkMove(present, move);
      return readShares(writtenShares(asked(present, move)));
    });
    await this.look();
    return id;
  }

  /**
   * Calls off a move that waits; what was given goes back.
   *
   * @throws {PortcullisError} `PRINCIPAL_REQUIRED`; `INPUT_INVALID` when it does not wait any more; `LOG_WRITE_FAILED`, `STORE_UNAVAILABLE`
   */
  async cancel(
    id: string,
    { by, reason }: { readonly by: Principal; readonly reason: string },
  ): Promise<void> {
    requirePerson(by, reason, 'cancel move of limit');
    await this.#audit('move-cancelled', { by, reason, moveId: id });
    await this.#change((present) => {
      if (present?.moves.some((move) => move.id === id) === true) return cancelled(present, id);
      throw new PortcullisError('INPUT_INVALID', `cancel move of limit: ${JSON.stringify(id)} does not wait`);
    });
    await this.look();
  }

  /**
   * Changes the limits of the firm, and shares along with them. A share that is smaller counts as soon as its desk has looked, and is
   * among the moves until then; one that is larger takes only what is nobody's.
   *
   * @throws {PortcullisError} `PRINCIPAL_REQUIRED`; `INPUT_INVALID` when shares are more than the limits, one is to grow by what another
   *   has yet to give up, or by what a desk may hold that has not written so since the record was lost; `LOG_WRITE_FAILED`,
   *   `STORE_UNAVAILABLE`: look at `record` before you ask again
   */
  async changeFirm({ firm, shares = {}, by, reason }: FirmLimitsOrder): Promise<void> {
    requirePerson(by, reason, 'change limits of the firm');
    const author = { kind: by.kind, id: by.id };
    const asked = { id: randomUUID(), by: author, reason, atMs: this.#deps.clock.nowMs() };
    await this.#audit('firm-changed', { by, reason, firm, shares });
    await this.#change((present) => {
      const changed = withTotal(sharedOut(present), { firm, shares }, asked);
      return readShares(writtenShares({ ...changed, by: author, reason }));
    });
    await this.look();
  }

  /** Looks no more. What is in force stays so. */
  async close(): Promise<void> {
    for (const one of this.#held) one[Symbol.dispose]();
    await this.#queue;
  }

  /** The part of this desk: lower, then write that it has given; write that it has taken, then raise. */
  async #settle(): Promise<void> {
    const { desk } = this.#rules;
    const found = await this.#entry.read();
    const { known } = this.#memory;
    this.#record = found ?? this.#record;
    if (desk !== undefined && known !== undefined && lacks(found, desk, known)) {
      await this.#writeBack(found, desk, known);
    } else this.#record = sharedOut(found);
    const record = sharedOut(this.#record);
    if (desk === undefined) return;
    if (record.shares[desk] === undefined)
      throw new PortcullisError('INPUT_INVALID', `the desk ${JSON.stringify(desk)} has no share`);
    await this.#apply(record, desk);
    const mine = record.moves.filter(({ step, from, to }) => (step === 'asked' ? from : to) === desk);
    if (mine.length === 0) return;
    const gives = new Set(mine.filter(({ step }) => step === 'asked').map(({ id }) => id));
    const takes = new Set(mine.filter(({ step }) => step === 'given').map(({ id }) => id));
    for (const move of mine) {
      const kind = gives.has(move.id) ? 'move-given' : 'move-taken';
      await this.#audit(kind, { by: move.by, reason: move.reason, move });
    }
    // Only what was lowered for is given: what is asked for meanwhile waits for the next look.
    await this.#write((present) => taken(given(sharedOut(present), gives), takes));
    if (this.#record !== undefined) await this.#apply(this.#record, desk);
  }

  /**
   * A record that was lost, or went back: every desk writes what it has in force, which nobody else can have got meanwhile; less when
   * the others leave less. One that knows it from a store that may be behind goes last.
   */
  async #writeBack(found: ShareRecord | undefined, desk: string, known: KnownShare): Promise<void> {
    if (!this.#memory.isSure) checkLast(found, desk);
    const held = { ...known, share: leftOf(found, desk, known) };
    if (this.#inForce !== undefined && !isSame(this.#inForce, held.share)) {
      await this.#putInForce(held.share, BY, 'others have written down more than there is');
      await this.#memory.keep(held);
    }
    const reason = 'the record of the shares was lost or went back';
    await this.#audit('written-back', { by: BY, reason, desk, share: held.share, firm: held.firm });
    await this.#write((present) => writtenBack(present, desk, held));
  }

  async #apply(record: ShareRecord, desk: string): Promise<void> {
    const share = inForceOf(record, desk);
    const { by, reason } = record.moves.findLast(({ from, to }) => from === desk || to === desk) ?? record;
    if (this.#inForce === undefined || !isSame(this.#inForce, share))
      await this.#putInForce(share, by, `share of the limits of the firm: ${reason}`);
    const { firm, revision, shares, missing, writes } = record;
    const desks = [...new Set([...Object.keys(shares), ...missing])].sort();
    await this.#memory.keep({ share, by: record.by, reason: record.reason, firm, revision, desks, writes });
  }

  async #putInForce(share: ShareAmounts, by: Principal, reason: string): Promise<void> {
    await this.#deps.limits.apply(share, { by, reason });
    this.#inForce = share;
  }

  /** Only of a store that moves with the desk: nobody but the desk can have made it smaller since. */
  async #takeLastKnown(): Promise<void> {
    const { known, isSure } = this.#memory;
    if (known === undefined || !isSure || this.#error?.code !== 'STORE_UNAVAILABLE') return;
    try {
      await this.#putInForce(known.share, known.by, `last share that was known here: ${known.reason}`);
    } catch (error) {
      this.#error = asError(error);
    }
  }

  #change(make: (present: ShareRecord | undefined) => ShareRecord): Promise<void> {
    return this.#inTurn(() => this.#write(make));
  }

  async #write(make: (present: ShareRecord | undefined) => ShareRecord): Promise<void> {
    const who = this.#rules.desk ?? '';
    this.#record = await this.#entry.change((present) => {
      const record = make(present);
      return { ...record, writes: { ...record.writes, [who]: (record.writes[who] ?? 0) + 1 } };
    });
    void this.#deps.signals?.announce(this.#rules.key).catch(() => undefined); // found by looking
  }

  async #audit(what: string, about: Readonly<Record<string, unknown>>): Promise<void> {
    const { audit, clock } = this.#deps;
    const event = { kind: `limit-shares.${what}`, ...about };
    const answer = await answerInTime(clock, this.#rules.timeoutMs, () => audit.record(event));
    if (answer.kind === 'answer') return;
    throw new PortcullisError('LOG_WRITE_FAILED', `limit shares: not in the audit log: ${answer.reason}`);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}
