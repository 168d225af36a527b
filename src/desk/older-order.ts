import { clientOrderId } from '../core/ids.ts';
import { messageOf } from '../core/message-of.ts';
import type { BookReader } from '../trading/book.ts';
import { deny } from '../trading/denial.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import type { Journal } from './journal/journal.ts';
import type { Older } from './order-path.ts';

/** Looks for an order of days ago where the id may be one that is not in memory any more; `undefined` where it cannot be. */
export function findOlder(
  { journal, book }: { readonly journal: Pick<Journal, 'archive'>; readonly book: Pick<BookReader, 'order'> },
  { accountId, strategyId, intentId }: OrderIntent,
): Promise<Older> | undefined {
  const { archive } = journal;
  if (archive === undefined || archive.isEmpty) return undefined;
  const id = clientOrderId(accountId, strategyId, intentId);
  if (book.order(id) !== undefined) return undefined;
  return archive.find(id).catch((error: unknown) => {
    const note = messageOf(error);
    return deny('order', 'KNOWN_IDS_UNAVAILABLE', { note });
  });
}
