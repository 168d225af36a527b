import { PortcullisError } from '../../../core/errors.ts';
import { moneyText } from '../../../core/money-text.ts';
import { type Units, add, sub, units } from '../../../core/units.ts';
import {
  SHARED_LIMITS,
  type ShareAmounts,
  type ShareMove,
  type ShareRecord,
  amountOf,
  checkSum,
} from './share-record.ts';

/** What a desk may have in force: its share, less what it is asked to give. Never below 0; of a limit it has no share of, 0. */
export function inForceOf(record: ShareRecord, desk: string): ShareAmounts {
  const asked = record.moves.filter(({ step, from }) => step === 'asked' && from === desk);
  const none = over(record.firm, record.firm);
  return asked.reduce((left, move) => over(left, move.amounts), { ...none, ...record.shares[desk] });
}

/** @throws {PortcullisError} `INPUT_INVALID` unless both desks have shares, and something is to move */
export function checkMove(
  record: ShareRecord | undefined,
  { from, to, amounts }: ShareMove,
): asserts record is ShareRecord {
  const areKnown = [from, to].every((desk) => desk !== undefined && record?.shares[desk] !== undefined);
  const isSome = SHARED_LIMITS.some((limit) => amountOf(amounts, limit) > 0);
  if (areKnown && from !== to && isSome) return;
  const expected = 'expected two desks that have shares, and an amount above 0';
  throw new PortcullisError(
    'INPUT_INVALID',
    `move limit: ${expected}, got ${JSON.stringify({ from, to, amounts })}`,
  );
}

/** @throws {PortcullisError} `INPUT_INVALID` unless the giver has that much besides what it gives already */
export function asked(record: ShareRecord, move: ShareMove): ShareRecord {
  const left = inForceOf(record, move.from);
  for (const limit of SHARED_LIMITS) {
    if (amountOf(move.amounts, limit) <= amountOf(left, limit)) continue;
    throw new PortcullisError(
      'INPUT_INVALID',
      `move limit: expected at most ${left[limit] ?? '0'} of ${limit}, got ${move.amounts[limit] ?? '0'}`,
    );
  }
  return { ...record, moves: [...record.moves, move] };
}

/** What was asked of a desk is nobody's any more; for good when it was asked for nobody. */
export function given(record: ShareRecord, ids: ReadonlySet<string>): ShareRecord {
  let { shares } = record;
  const moves = record.moves.flatMap((move): readonly ShareMove[] => {
    if (!ids.has(move.id) || move.step !== 'asked') return [move];
    shares = { ...shares, [move.from]: over(shares[move.from] ?? {}, move.amounts) };
    return move.to === undefined ? [] : [{ ...move, step: 'given' }];
  });
  return checkSum({ ...record, shares, moves });
}

/** What was given belongs to the one it was meant for. */
export const taken = (record: ShareRecord, ids: ReadonlySet<string>): ShareRecord =>
  ended(record, ids, ({ to }) => to);

/** The move is off: what was given goes back. */
export const cancelled = (record: ShareRecord, id: string): ShareRecord =>
  ended(record, new Set([id]), ({ from }) => from);

function ended(
  record: ShareRecord,
  ids: ReadonlySet<string>,
  toWhom: (move: ShareMove) => string | undefined,
): ShareRecord {
  let { shares } = record;
  for (const move of record.moves) {
    if (!ids.has(move.id) || move.step !== 'given') continue;
    const desk = toWhom(move);
    if (desk !== undefined) shares = { ...shares, [desk]: plus(shares[desk] ?? {}, move.amounts) };
  }
  return checkSum({ ...record, shares, moves: record.moves.filter(({ id }) => !ids.has(id)) });
}

export const isSame = (a: ShareAmounts, b: ShareAmounts): boolean =>
  SHARED_LIMITS.every((limit) => amountOf(a, limit) === amountOf(b, limit));

/** What one is more than the other, by limit; 0 where it is not. */
export const over = (a: ShareAmounts, b: ShareAmounts): ShareAmounts => combined(a, b, less);

/** What both allow, of the limits that the first one names. */
export const lesserOf = (a: ShareAmounts, b: ShareAmounts): ShareAmounts => over(a, over(a, b));

export const plus = (a: ShareAmounts, b: ShareAmounts): ShareAmounts => combined(a, b, add);

const less = (a: Units, b: Units): Units => (a >= b ? sub(a, b) : units(0));

function combined(a: ShareAmounts, b: ShareAmounts, how: (a: Units, b: Units) => Units): ShareAmounts {
  const named = SHARED_LIMITS.filter((limit) => a[limit] !== undefined || b[limit] !== undefined);
  return Object.fromEntries(
    named.map((limit) => [limit, moneyText(how(amountOf(a, limit), amountOf(b, limit)))]),
  );
}
