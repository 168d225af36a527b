import { randomUUID } from 'node:crypto';
import type { EventBus, EventHandler } from '../../../src/events/index.ts';

/** A bus that is another one but for what is given. */
function instead(bus: EventBus, changes: Partial<EventBus>): EventBus {
  return {
    name: bus.name,
    catalogue: bus.catalogue,
    publish: bus.publish.bind(bus),
    subscribe: bus.subscribe.bind(bus),
    replay: bus.replay.bind(bus),
    deadLetters: bus.deadLetters,
    groups: bus.groups.bind(bus),
    dropGroup: bus.dropGroup.bind(bus),
    status: bus.status.bind(bus),
    close: bus.close.bind(bus),
    ...changes,
  };
}

/** A bus whose handlers are called in another way. */
const withHandlers = (bus: EventBus, change: (handler: EventHandler) => EventHandler): EventBus =>
  instead(bus, {
    subscribe: (group, types, handler, options) =>
      bus.subscribe(group, types, change(handler as EventHandler), options),
  });

/** Acknowledges an event before it is handled. */
export const acknowledgesFirst = (bus: EventBus): EventBus =>
  withHandlers(bus, (handler) => (event, delivery) => {
    void Promise.resolve()
      .then(() => handler(event, delivery))
      .catch(() => undefined);
  });

/** Handles events of one key side by side: to the bus, each has a key of its own. */
export const hasNoOrder = (bus: EventBus): EventBus =>
  instead(bus, {
    publish: (type, data, options) => bus.publish(type, data, { ...options, key: randomUUID() }),
  });

/** Gives a letter that is put back to every group. */
export const requeuesToAll = (bus: EventBus): EventBus =>
  instead(bus, {
    deadLetters: {
      list: (filter) => bus.deadLetters.list(filter),
      discard: (ids) => bus.deadLetters.discard(ids),
      async requeue(ids) {
        const letters = (await bus.deadLetters.list({ limit: 1000 })).filter(({ letterId }) =>
          ids.includes(letterId),
        );
        for (const { text } of letters) {
          const { type, data } = JSON.parse(text) as { type: string; data: unknown };
          const known = bus.catalogue.get(type);
          if (known !== undefined) await bus.publish(known, data);
        }
        return bus.deadLetters.discard(ids);
      },
    },
  });

/** Knows no id again. */
export const takesEveryId = (bus: EventBus): EventBus =>
  instead(bus, {
    async publish(type, data, options) {
      const id = options?.id ?? randomUUID();
      const receipt = await bus.publish(type, data, { ...options, id: randomUUID() });
      return { ...receipt, id };
    },
  });

/** Takes what a handler throws for done. */
export const neverRetries = (bus: EventBus): EventBus =>
  withHandlers(bus, (handler) => async (event, delivery) => {
    try {
      return await handler(event, delivery);
    } catch {
      return undefined;
    }
  });

/** Delivers every tenth event twice. */
export const repeats = (bus: EventBus): EventBus =>
  withHandlers(bus, (handler) => async (event, delivery) => {
    const result = await handler(event, delivery);
    if ((event.data as { n: number }).n % 10 === 5) await handler(event, delivery);
    return result;
  });

/** Says that it has an event before it has, and whatever becomes of it. */
export const answersEarly = (bus: EventBus): EventBus =>
  instead(bus, {
    publish(type, data, options) {
      const id = options?.id ?? randomUUID();
      void bus.publish(type, data, { ...options, id }).catch(() => undefined);
      return Promise.resolve({ outcome: 'published', id, position: '1' });
    },
  });
