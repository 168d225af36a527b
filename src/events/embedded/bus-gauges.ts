import type { MetricsRegistry } from '../../telemetry/index.ts';
import { BUS_CONNECTED, BUS_EVENTS_KEPT, BUS_LAG, BUS_PENDING, BUS_WAITING } from '../bus-metrics.ts';
import type { BusStatus, GroupStatus } from '../event-bus.ts';
import type { Topic } from './topic.ts';

/** Shows how a bus is whenever metrics are asked for. */
export function reportBus(
  metrics: MetricsRegistry,
  bus: { readonly name: string; status(): BusStatus; groups(): Promise<readonly GroupStatus[]> },
  topics: readonly Topic[],
): Disposable {
  const [lagOf, pendingOf] = [metrics.gauge(BUS_LAG), metrics.gauge(BUS_PENDING)];
  const [waitingOf, connectedOf] = [metrics.gauge(BUS_WAITING), metrics.gauge(BUS_CONNECTED)];
  const keptOf = metrics.gauge(BUS_EVENTS_KEPT);
  const { name } = bus;
  return metrics.collector(async () => {
    const { connected, waiting, spilled } = bus.status();
    connectedOf.set({ bus: name }, connected ? 1 : 0);
    waitingOf.set({ bus: name, where: 'memory' }, waiting - spilled);
    waitingOf.set({ bus: name, where: 'disk' }, spilled);
    for (const topic of topics) keptOf.set({ bus: name, topic: topic.name }, topic.kept);
    lagOf.remove({ bus: name });
    pendingOf.remove({ bus: name });
    for (const { group, topic, lag, pending } of await bus.groups()) {
      if (lag !== undefined) lagOf.set({ bus: name, topic, group }, lag);
      pendingOf.set({ bus: name, topic, group }, pending);
    }
  });
}
