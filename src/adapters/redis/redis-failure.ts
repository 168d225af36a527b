import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';

/**
 * Replies of a server that cannot do it now, and will once somebody or something has changed; by the word they begin with.
 * Anything else that begins so is about the command.
 */
const NOT_NOW: Readonly<Record<string, string>> = {
  READONLY:
    'the server is a replica, which takes no writes: after a failover, the address has to lead to the new master',
  OOM: 'the server is out of memory (maxmemory)',
  LOADING: 'the server is still loading its data',
  NOAUTH: 'the server asks for a password, and none was given',
  WRONGPASS: 'the server does not know this user or password',
  NOPERM: 'the user may not do this (ACL)',
  MASTERDOWN: 'the server is a replica that has lost its master',
  CLUSTERDOWN: 'the cluster does not serve this slot',
  MOVED: 'the server is one of a cluster and does not hold this slot',
  TRYAGAIN: 'the cluster is moving this slot',
  NOREPLICAS: 'the server has fewer replicas than it must have to take writes',
  MISCONF: 'the server cannot save its data and takes no writes',
  BUSY: 'the server is busy with a script',
};

/** How servers before Redis 7.0 give the reply to a command within a script. */
const IN_SCRIPT = /^ERR Error running script .*@user_script: ?\d+: -?([A-Z]{2,}) /;

/** The word that an error reply begins with, `NOGROUP` say. `undefined` for errors that are no replies. */
export function replyCode(error: unknown): string | undefined {
  if (error instanceof PortcullisError) return undefined;
  const message = messageOf(error);
  return (IN_SCRIPT.exec(message) ?? /^([A-Z]{2,})(?: |$)/.exec(message))?.[1];
}

/** What it means that the server refused for now; `undefined` for any other error. */
export function notNow(error: unknown): string | undefined {
  const code = replyCode(error);
  if (code === undefined) return undefined;
  const meaning = NOT_NOW[code];
  return meaning === undefined ? undefined : `${code}: ${meaning}`;
}

/** `UNBLOCKED`: a wait that was ended since the server has become a replica. */
const WRONG_SERVER = new Set(['READONLY', 'MASTERDOWN', 'LOADING', 'MOVED', 'UNBLOCKED']);

/** Whether the server says that it is not, or not now, the one that holds the data: all connections to it have to be made anew. */
export const isWrongServer = (error: unknown): boolean => WRONG_SERVER.has(replyCode(error) ?? '');

/** Whether the connection was lost, or there was none, or no answer in time: the command may have been done. */
export const isLost = (error: unknown): boolean =>
  error instanceof PortcullisError && error.code === 'BUS_UNAVAILABLE';

export const unavailable = (why: string): PortcullisError => new PortcullisError('BUS_UNAVAILABLE', why);
