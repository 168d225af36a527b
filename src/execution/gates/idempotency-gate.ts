import { deny } from '../../trading/denial.ts';
import type { ExecutionGate } from '../execution-gate.ts';

/** No client order id goes out twice. The last line: the desk has answered known ids before. */
export const idempotencyGate = (): ExecutionGate => ({
  name: 'idempotency',
  check({ clientOrderId }, { seen }) {
    return seen.has(clientOrderId)
      ? deny('idempotency', 'DUPLICATE_ORDER', { note: clientOrderId })
      : undefined;
  },
});
