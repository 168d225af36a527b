import { PortcullisError } from '../../../core/errors.ts';
import { inForceOf, lesserOf, over, plus } from './share-moves.ts';
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

/** The record with what this desk holds, begun anew when it is not there or went back. @throws {PortcullisError} `INPUT_INVALID` */
export function writtenBack(record: ShareRecord | undefined, desk: string, known: KnownShare): ShareRecord {
  const present = begun(record, desk, known);
  if (!present.missing.includes(desk)) return present;
  const shares = { ...present.shares, [desk]: known.share };
  return checkSum({ ...present, shares, missing: present.missing.filter((one) => !(one in shares)) });
}

/** What this desk holds, or what all the others have left of it. */
export function leftOf(record: ShareRecord | undefined, desk: string, known: KnownShare): ShareAmounts {
  const { firm, shares, moves } = begun(record, desk, known);
  const back = moves.filter(({ to }) => to === undefined).map(({ amounts }) => amounts);
  const given = moves.filter(({ step }) => step === 'given').map(({ amounts }) => amounts);
  const others = Object.entries(shares).flatMap(([one, share]) => (one === desk ? [] : [share]));
  return lesserOf(known.share, over([firm, ...back].reduce(plus), [...others, ...given].reduce(plus, {})));
}

/** What may be behind counts only when all the others have written theirs down. @throws {PortcullisError} `INPUT_INVALID` */
export function checkLast(record: ShareRecord | undefined, desk: string): void {
  if (record?.missing.length === 1 && record.missing[0] === desk) return;
  throw new PortcullisError(
    'INPUT_INVALID',
    `the record of the shares was lost or went back, and what ${JSON.stringify(desk)} had last is not certain`,
  );
}

/** Whether the record does not say what this desk has: it is not there, went back, or was begun anew by others. */
export const lacks = (record: ShareRecord | undefined, desk: string, known: KnownShare): boolean =>
  record === undefined || record.missing.includes(desk) || wentBack(record, known);

/** Whether writes that were seen here are not in it. What a person has changed since stands as it is. */
function wentBack(record: ShareRecord, { revision, writes }: KnownShare): boolean {
  if (record.revision !== revision) return record.revision < revision;
  return Object.entries(writes).some(([desk, count]) => count > (record.writes[desk] ?? 0));
}

function begun(record: ShareRecord | undefined, desk: string, known: KnownShare): ShareRecord {
  const { firm, revision, desks, by, reason } = known;
  const writes = laterOf(record?.writes ?? {}, known.writes);
  if (record === undefined)
    return { firm, revision, shares: {}, missing: desks, moves: [], writes, by, reason };
  const total = record.revision >= revision ? record : known;
  const all = [...new Set([...desks, ...Object.keys(record.shares), ...record.missing])];
  const isOld = wentBack(record, known) && !record.missing.includes(desk);
  const shares = isOld ? {} : record.shares;
  const missing = (isOld || record.missing.includes(desk) ? all : record.missing).filter(
    (one) => !(one in shares),
  );
  const moves = isOld ? [] : record.moves;
  return { ...record, firm: total.firm, revision: total.revision, shares, moves, missing, writes };
}

type Writes = ShareRecord['writes'];

const laterOf = (a: Writes, b: Writes): Writes =>
  Object.fromEntries(Object.keys({ ...a, ...b }).map((desk) => [desk, Math.max(a[desk] ?? 0, b[desk] ?? 0)]));

const isSome = (amounts: ShareAmounts): boolean =>
  SHARED_LIMITS.some((limit) => amountOf(amounts, limit) > 0);
