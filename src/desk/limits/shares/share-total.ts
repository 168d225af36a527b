import { PortcullisError } from '../../../core/errors.ts';
import { inForceOf, over, plus } from './share-moves.ts';
import type { KnownShare } from './share-memory.ts';
import {
  SHARED_LIMITS,
  type ShareAmounts,
  type ShareMove,
  type ShareRecord,
  amountOf,
  checkSum,
} from './share-record.ts';

/** The limits of the firm, and the shares of the desks that are to have other ones. */
export interface NewTotal {
  readonly firm: ShareAmounts;
  readonly shares: Readonly<Record<string, ShareAmounts>>;
}

/**
 * The firm has other limits. What a desk is to have less of it is asked to give up; what it is to have more of it gets at once, from
 * what is nobody's.
 *
 * @throws {PortcullisError} `INPUT_INVALID` when shares are more than the limits, or one is to grow by what another has yet to give up
 */
export function withTotal(
  record: ShareRecord,
  { firm, shares: wanted }: NewTotal,
  asked: Omit<ShareMove, 'from' | 'to' | 'amounts' | 'step'>,
): ShareRecord {
  const shares = { ...record.shares };
  const moves = [...record.moves];
  let grows = false;
  for (const [desk, share] of Object.entries(wanted)) {
    const has = inForceOf(record, desk);
    const [lacks, gives] = [over(share, has), over(has, share)];
    grows ||= isSome(lacks);
    shares[desk] = plus(shares[desk] ?? {}, lacks);
    if (isSome(gives))
      moves.push({ ...asked, id: `${asked.id}:${desk}`, from: desk, amounts: gives, step: 'asked' });
  }
  const missing = record.missing.filter((desk) => wanted[desk] === undefined);
  const changed = { ...record, firm, shares, moves, missing, revision: record.revision + 1 };
  if (grows) checkRoom(changed);
  return checkSum(changed);
}

/** What nobody has yet given up is not to be shared out, nor what a desk may hold that has not said so. */
function checkRoom(record: ShareRecord): void {
  if (record.missing.length > 0)
    throw new PortcullisError(
      'INPUT_INVALID',
      `limit shares: expected all desks to have written down what they hold, ${record.missing.join(', ')} did not`,
    );
  checkSum({ ...record, moves: record.moves.filter(({ to }) => to !== undefined) });
}

/** The record with what this desk holds, begun anew when it is not there. @throws {PortcullisError} `INPUT_INVALID` */
export function writtenBack(
  record: ShareRecord | undefined,
  desk: string,
  { share, firm, revision, desks, by, reason }: KnownShare,
): ShareRecord {
  const begun = { firm, revision, shares: {}, missing: desks, moves: [], by, reason };
  const present = record ?? begun;
  if (!present.missing.includes(desk)) return present;
  const known = present.revision >= revision ? present : begun;
  const shares = { ...present.shares, [desk]: share };
  const missing = [...new Set([...present.missing, ...known.missing])].filter((one) => !(one in shares));
  return checkSum({ ...present, firm: known.firm, revision: known.revision, shares, missing });
}

export const lacks = (record: ShareRecord | undefined, desk: string): boolean =>
  record === undefined || record.missing.includes(desk);

const isSome = (amounts: ShareAmounts): boolean =>
  SHARED_LIMITS.some((limit) => amountOf(amounts, limit) > 0);
