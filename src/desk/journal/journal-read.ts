import { PortcullisError } from '../../core/errors.ts';
import { parseInput } from '../../core/options.ts';
import type { JsonValue } from '../../storage/json.ts';
import { fieldsOf, isTimeInForce, readIntent } from './journal-intent.ts';
import { JOURNAL_VERSION, type JournalRecord, journalRecordSchema } from './journal-record.ts';

/**
 * Reads one record. Those of which there are many are read by hand, many times as fast as by the schema; what that does
 * not take as it stands, the schema reads, or refuses by name.
 *
 * @throws {PortcullisError} `INPUT_INVALID`, `FORMAT_UNSUPPORTED`
 */
export function readRecord(seq: number, raw: JsonValue): JournalRecord {
  const fields = fieldsOf(raw);
  const { type } = fields;
  if ((type === 'opened') !== (seq === 1)) {
    throw new PortcullisError(
      'INPUT_INVALID',
      `journal record ${seq}: type: expected opened first and only first, got ${shown(type)}`,
    );
  }
  if (seq === 1) checkVersion(fields);
  return quickly(fields) ?? parseInput(`journal record ${seq}`, journalRecordSchema, raw);
}

type Fields = ReturnType<typeof fieldsOf>;

function checkVersion({ version }: Fields): void {
  if (version === JOURNAL_VERSION) return;
  throw new PortcullisError(
    'FORMAT_UNSUPPORTED',
    `journal record 1: version: expected ${JOURNAL_VERSION}, got ${shown(version)}`,
  );
}

const shown = (value: JsonValue | undefined): string =>
  value === undefined ? 'nothing' : JSON.stringify(value);

/** Undefined for what the schema should look at. */
function quickly(fields: Fields): JournalRecord | undefined {
  const { type, clientOrderId, atMs } = fields;
  if (typeof clientOrderId !== 'string' || typeof atMs !== 'number') return undefined;
  const about = { clientOrderId, atMs };
  switch (type) {
    case 'submitting':
      return submitting(about, fields);
    case 'filled':
      return filled(about, fields);
    case 'accepted': {
      const { venueOrderId } = fields;
      if (venueOrderId === undefined) return { type, ...about };
      return typeof venueOrderId === 'string' ? { type, ...about, venueOrderId } : undefined;
    }
    case 'cancelled':
    case 'expired': {
      const { cumulative } = fields;
      if (cumulative === undefined) return { type, ...about };
      return typeof cumulative === 'string' ? { type, ...about, cumulative } : undefined;
    }
    case 'cancelRequested':
      return { type, ...about };
    case 'rejected': {
      const { reason } = fields;
      return typeof reason === 'string' ? { type, ...about, reason } : undefined;
    }
    default:
      return undefined;
  }
}

interface About {
  readonly clientOrderId: string;
  readonly atMs: number;
}

function submitting({ clientOrderId, atMs }: About, fields: Fields): JournalRecord | undefined {
  const { quantity, worst, isExit, postOnly, timeInForce, mark, limitsHash, dayOpen, highWater, spent } =
    fields;
  const intent = readIntent(fields['intent']);
  const stamp = spent === undefined ? undefined : readSpent(spent);
  if (
    intent === undefined ||
    typeof quantity !== 'string' ||
    typeof worst !== 'string' ||
    typeof isExit !== 'boolean' ||
    typeof postOnly !== 'boolean' ||
    !isTimeInForce(timeInForce) ||
    !(mark === undefined || typeof mark === 'string') ||
    typeof limitsHash !== 'string' ||
    typeof dayOpen !== 'string' ||
    typeof highWater !== 'string' ||
    (spent !== undefined && stamp === undefined)
  )
    return undefined;
  return {
    type: 'submitting',
    clientOrderId,
    atMs,
    intent,
    quantity,
    worst,
    isExit,
    postOnly,
    timeInForce,
    ...(mark !== undefined && { mark }),
    limitsHash,
    dayOpen,
    highWater,
    ...(stamp && { spent: stamp }),
  };
}

function readSpent(raw: JsonValue): { total: string; strategy: string } | undefined {
  const { total, strategy } = fieldsOf(raw);
  return typeof total === 'string' && typeof strategy === 'string' ? { total, strategy } : undefined;
}

function filled({ clientOrderId, atMs }: About, fields: Fields): JournalRecord | undefined {
  const { executionId, quantity, price, liquidity } = fields;
  const { amount, currency } = fieldsOf(fields['fee']);
  if (
    typeof executionId !== 'string' ||
    typeof quantity !== 'string' ||
    typeof price !== 'string' ||
    typeof amount !== 'string' ||
    typeof currency !== 'string' ||
    !(liquidity === 'maker' || liquidity === 'taker')
  )
    return undefined;
  const fee = { amount, currency };
  return { type: 'filled', clientOrderId, atMs, executionId, quantity, price, fee, liquidity };
}
