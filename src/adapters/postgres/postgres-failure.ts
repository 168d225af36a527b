import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';

/** Classes of SQLSTATE that waiting may mend: connection, transaction rolled back, resources, operator, system. */
const MAY_PASS = new Set(['08', '40', '53', '57', '58']);
/** Others that may: read-only transaction, object in use, lock not available. */
const STATES_THAT_MAY_PASS = new Set(['25006', '55006', '55P03']);

const HINTS: Readonly<Record<string, string>> = {
  '25006': 'the server takes no writes: it is a standby, or default_transaction_read_only is on',
  '53100': 'the disk of the server is full',
  '53300': 'the server has no connection left (max_connections)',
  '57014': 'the statement took longer than statementTimeoutMs, or was cancelled',
  '57P01': 'the server is being stopped',
  '57P03': 'the server is starting or stopping',
};

/** The five characters by which PostgreSQL names an error; `undefined` for what did not come from a server. */
function sqlStateOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code)
    ? code
    : undefined;
}

export const unavailable = (
  message: string,
  details: { sqlState?: string; retryable?: boolean; cause?: unknown } = {},
): PortcullisError =>
  new PortcullisError('STORE_UNAVAILABLE', `PostgreSQL: ${message}`, {
    ...(details.retryable === undefined ? {} : { retryable: details.retryable }),
    ...(details.cause === undefined ? {} : { cause: details.cause }),
    ...(details.sqlState === undefined ? {} : { details: { sqlState: details.sqlState } }),
  });

/** @param clean takes secrets out of a text */
export function asFailure(error: unknown, clean: (text: string) => string): PortcullisError {
  if (error instanceof PortcullisError) return error;
  const sqlState = sqlStateOf(error);
  // An error of the client may carry its settings: only its message, cleaned, goes on.
  if (sqlState === undefined) return unavailable(clean(messageOf(error) || 'no connection'));
  const hint = HINTS[sqlState];
  const message = `${hint === undefined ? '' : `${hint}: `}${clean(messageOf(error))} (${sqlState})`;
  const retryable = MAY_PASS.has(sqlState.slice(0, 2)) || STATES_THAT_MAY_PASS.has(sqlState);
  return unavailable(message, { sqlState, retryable, cause: error });
}
