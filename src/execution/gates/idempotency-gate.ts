import { deny } from '../../trading/denial.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import type { ExecutionGate } from '../execution-gate.ts';

/** No client order id goes out twice. The last line: the desk has answered known ids before. */
export function idempotencyGate(): ExecutionGate {
  const measure = ({ clientOrderId }: HeldOrder) => ({ note: clientOrderId });
  return {
    name: 'idempotency',
    measure,
    check(order, { seen }) {
      return seen.has(order.clientOrderId)
        ? deny('idempotency', 'DUPLICATE_ORDER', measure(order))
        : undefined;
    },
  };
}
