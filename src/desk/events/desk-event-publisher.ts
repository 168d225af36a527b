import { decimalText } from '../../core/decimal.ts';
import { clientOrderId } from '../../core/ids.ts';
import { BackgroundPublisher, type PublisherDeps } from '../../events/background-publisher.ts';
import { DESK_ANOMALY_RAISED, DESK_RECONCILED } from '../../events/catalogue/desk-events.ts';
import { ORDER_DENIED } from '../../events/catalogue/order-events.ts';
import type { DeskEvent } from '../desk-event.ts';
import type { OrderDesk } from '../order-desk.ts';
import { saidDenial } from './said-denial.ts';

export interface DeskEventsDeps extends PublisherDeps {
  readonly desk: Pick<OrderDesk, 'onEvent' | 'book'>;
}

/**
 * Tells the event bus what a desk decides and finds and does not write into its journal: denials, anomalies and what
 * reconciliations found. Best effort: what the bus does not take is counted in `trading_bus_publish_failures_total` and gone.
 * What happens to orders and accounts is the business of a `JournalRelay`.
 *
 * @param name what the desk is called: its events come from `/desk/<name>`; mostly that of the venue
 */
export function publishDeskEvents(name: string, { desk, ...deps }: DeskEventsDeps): Disposable {
  const publisher = new BackgroundPublisher('desk', deps);
  const source = `/desk/${name}`;
  return desk.onEvent((event) => {
    if (event.kind === 'decided' && event.decision === 'denied') {
      publisher.publish(ORDER_DENIED, () => denied(event), { source });
    } else if (event.kind === 'anomaly') {
      publisher.publish(DESK_ANOMALY_RAISED, () => anomaly(name, event, desk), { source });
    } else if (event.kind === 'reconciled') {
      const { result } = event;
      const { atMs, ...said } = result;
      publisher.publish(
        DESK_RECONCILED,
        () => ({
          venue: name,
          result:
            said.kind === 'failed'
              ? said
              : {
                  ...said,
                  differences: said.differences.map((one) => ({ ...one })),
                  inDoubt: [...said.inDoubt],
                },
        }),
        { source, atMs },
      );
    }
  });
}

const denied = ({ intent, denials }: DeskEvent & { kind: 'decided' }) => {
  const { intentId, accountId, strategyId, instrumentId, side, quantity } = intent;
  const text = decimalText(quantity);
  return {
    clientOrderId: clientOrderId(accountId, strategyId, intentId),
    ...{ intentId, accountId, strategyId, instrumentId, side },
    ...(text !== undefined && { quantity: text }),
    denials: denials.map(saidDenial),
  };
};

function anomaly(
  venue: string,
  { code, detail, clientOrderId: id }: DeskEvent & { kind: 'anomaly' },
  { book }: DeskEventsDeps['desk'],
) {
  const accountId = id === undefined ? undefined : book.order(id)?.order.accountId;
  return {
    venue,
    code,
    detail,
    ...(id !== undefined && { clientOrderId: id }),
    ...(accountId !== undefined && { accountId }),
  };
}
