import { PortcullisError } from '../../../core/errors.ts';
import { messageOf } from '../../../core/message-of.ts';
import { type RedisClientSettings, withoutSecrets } from '../redis-client.ts';
import { notNow } from '../redis-failure.ts';

/** Makes of whatever went wrong with the server what a store says of it: `STORE_UNAVAILABLE` with the reason, and no password. */
export function stateFailures(
  what: string,
  settings: { readonly url?: string | undefined; readonly client?: RedisClientSettings | undefined },
): (method: string, error: unknown) => PortcullisError {
  const { url, client } = settings;
  const clean = withoutSecrets({ ...client, ...(url === undefined ? {} : { url }) });
  return (method, error) => {
    if (
      error instanceof PortcullisError &&
      (error.code === 'INPUT_INVALID' || error.code === 'STORE_UNAVAILABLE')
    )
      return error;
    // Without the cause: a reply may hold what it was asked with.
    const why = clean(notNow(error) ?? messageOf(error));
    return new PortcullisError('STORE_UNAVAILABLE', `${what}: ${method}: ${why}`);
  };
}
