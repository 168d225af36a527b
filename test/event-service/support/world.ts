import { onTestFinished } from 'vitest';
import { ManualClock, person } from '../../../src/core/index.ts';
import {
  type EventRoutesOptions,
  EventService,
  type EventServicePorts,
} from '../../../src/event-service/index.ts';
import type {
  Authenticator,
  InjectOptions,
  InjectResponse,
  ServiceOptions,
} from '../../../src/service/index.ts';
import { ListedAudit, listedLogger } from '../../service/flags/support.ts';
import { FakeBus } from './fake-bus.ts';

export const START = Date.UTC(2026, 0, 2, 12);
export const BY_ANNA = { authorization: 'Bearer anna' };
export const BY_NOBODY = { authorization: '' };

/** Only Anna is known. */
export const authenticator: Authenticator = {
  authenticate: ({ headers }) =>
    headers['authorization'] === BY_ANNA.authorization ? person('anna') : undefined,
};

interface Given {
  readonly events?: EventRoutesOptions;
  readonly options?: Partial<ServiceOptions>;
  readonly ports?: Partial<EventServicePorts>;
}

/** An event service over a bus in a list, with a clock that stands still. Who asks is Anna, unless the request says otherwise. */
export async function eventWorld({ events = {}, options = {}, ports = {} }: Given = {}) {
  const clock = new ManualClock(START);
  const bus = new FakeBus(() => clock.nowMs());
  const audit = new ListedAudit();
  const { lines, logger } = listedLogger();
  const service = new EventService(
    { name: 'events', version: '1.0.0', events, ...options },
    { env: {}, clock, audit, authenticator, logger, openBus: () => bus, ...ports },
  );
  onTestFinished(async () => {
    await service.stop();
  });
  await service.start();
  const ask = (request: string | InjectOptions): Promise<InjectResponse> =>
    typeof request === 'string'
      ? service.inject({ url: request, headers: BY_ANNA })
      : service.inject({ ...request, headers: { ...BY_ANNA, ...request.headers } });
  const post = (payload: string | object, type = 'application/json'): Promise<InjectResponse> =>
    ask({ method: 'POST', url: '/v1/events', payload, headers: { 'content-type': type } });
  /** Series of a metric that are not 0. */
  const metric = async (name: string): Promise<string[]> =>
    (await service.metrics.exposition())
      .split('\n')
      .filter((line) => line.startsWith(name) && !line.endsWith(' 0'));
  const changes = () => audit.events.filter(({ kind }) => !kind.startsWith('service.'));
  return { clock, bus, audit, lines, service, ask, post, metric, changes };
}

/** A CloudEvent as a client writes it. */
export const cloudEvent = (overrides: Readonly<Record<string, unknown>> = {}) => ({
  specversion: '1.0',
  id: 'a1',
  source: '/feed',
  type: 'market.priced',
  dataversion: 2,
  time: '2026-01-02T11:59:59.250Z',
  data: { symbol: 'BTC-USD', price: '50000.5' },
  ...overrides,
});

/** Parts of a problem that a test compares. */
export const problemOf = (answer: InjectResponse) => {
  const { status, detail, issues } = answer.json() as {
    readonly status: number;
    readonly detail: string;
    readonly issues?: readonly { readonly at: string; readonly message: string }[];
  };
  return { type: answer.headers['content-type'], status, detail, issues };
};
