import { describe, expect, test } from 'vitest';
import { sign } from '../../examples/toy-exchange/driver/sign.ts';
import { SIGNAL, ToyWorld, configOf, until, venueOrderOf } from '../support/toy-exchange.ts';

const ACCOUNT = { accountId: 'acc', key: 'key-of-acc', secret: 'secret-of-acc' };

/** A signed request without a driver. */
async function ask(world: ToyWorld, method: string, path: string, asked?: object) {
  const body = asked === undefined ? '' : JSON.stringify(asked);
  const proof = sign(ACCOUNT, { method, path, body }, { exchangeMs: Date.now(), windowMs: 5_000 });
  const headers = Object.fromEntries(
    Object.entries({ ...proof }).map(([name, value]) => [`x-${name}`, value]),
  );
  const answer = await fetch(world.exchange.url + path, { method, headers, ...(body !== '' && { body }) });
  return {
    status: answer.status,
    body: await answer.json(),
    retryAfter: answer.headers.get('retry-after'),
  };
}

const ORDER = { clientId: 'MANUAL1', symbol: 'GOLDUSDT', side: 'buy', quantity: '10', price: '100' };

describe('the toy exchange over REST', () => {
  test('shows an order by its own id and by the id of the client, to its account', async () => {
    await using world = await ToyWorld.start();
    expect(await ask(world, 'POST', '/v1/orders', ORDER)).toMatchObject({
      status: 201,
      body: { orderId: 'X1', clientId: 'MANUAL1', status: 'accepted' },
    });
    const shown = {
      status: 200,
      body: { ...ORDER, orderId: 'X1', filled: '0', status: 'open', timeInForce: 'GTC', postOnly: false },
    };
    expect(await ask(world, 'GET', '/v1/orders/X1')).toMatchObject(shown);
    expect(await ask(world, 'GET', '/v1/orders/by-client-id/MANUAL1')).toMatchObject(shown);
    expect(await ask(world, 'GET', '/v1/orders/X2')).toMatchObject({
      status: 404,
      body: { code: 'ORDER_UNKNOWN' },
    });
  });

  test('cancels all that is open', async () => {
    await using world = await ToyWorld.start();
    await ask(world, 'POST', '/v1/orders', ORDER);
    await ask(world, 'POST', '/v1/orders', { ...ORDER, clientId: 'MANUAL2' });
    expect(await ask(world, 'DELETE', '/v1/orders')).toMatchObject({ status: 200, body: { cancelled: 2 } });
    expect(await ask(world, 'GET', '/v1/orders')).toMatchObject({ body: { orders: [] } });
  });

  test.each([
    ['a client id of 27', { ...ORDER, clientId: 'A'.repeat(27) }],
    ['a client id that begins with a digit', { ...ORDER, clientId: '1A' }],
    ['a misspelt field', { ...ORDER, tif: 'IOC' }],
    ['a number for a decimal', { ...ORDER, quantity: 10 }],
  ])('refuses %s', async (_, asked) => {
    await using world = await ToyWorld.start();
    expect(await ask(world, 'POST', '/v1/orders', asked)).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID' },
    });
  });

  test('says after how many seconds an empty bucket has a token', async () => {
    const limits = { questions: { burst: 1, perSecond: 0.1 } };
    await using world = await ToyWorld.start({ config: configOf({ limits }) });
    await ask(world, 'GET', '/v1/balances');
    expect(await ask(world, 'GET', '/v1/balances')).toMatchObject({
      status: 429,
      retryAfter: '10',
      body: { code: 'RATE_LIMITED' },
    });
  });

  test('gives fills in pages, and the driver reads them all', async () => {
    await using world = await ToyWorld.start();
    const asks = Array.from({ length: 501 }, (_, n): [string, string] => [String(100 + n), '1']);
    await world.quote([], asks);
    const { driver } = await world.driver();
    await driver.place(venueOrderOf('a', { quantity: '501', price: '700' }), SIGNAL);
    const { body } = await ask(world, 'GET', '/v1/fills?from=499&limit=1');
    expect(body).toMatchObject({ fills: [{ executionId: 'T500' }], next: 500 });
    const fills = await driver.fills(0, SIGNAL);
    expect(fills.map(({ executionId }) => executionId)).toEqual(asks.map((_, n) => `T${n + 1}`));
  });

  test('an order placed by hand is told and shown without an id of ours', async () => {
    await using world = await ToyWorld.start();
    await world.quote([], [['100', '4']]);
    const { driver, told } = await world.driver();
    await ask(world, 'POST', '/v1/orders', ORDER);
    await until(() => told.length === 3);
    expect(told[2]).toMatchObject({ type: 'filled', clientOrderId: 'MANUAL1', quantity: '4' });
    const [order] = await driver.openOrders(SIGNAL);
    const [fill] = await driver.fills(0, SIGNAL);
    expect(order).toMatchObject({ venueOrderId: 'X1', quantity: '10', cumulative: '4' });
    expect([order, fill].map((report) => report !== undefined && 'clientOrderId' in report)).toEqual([
      false,
      false,
    ]);
  });
});

describe('the toy exchange over WebSocket', () => {
  test('shows anybody the quotes they follow', async () => {
    await using world = await ToyWorld.start();
    const heard: unknown[] = [];
    const socket = new WebSocket(`${world.exchange.url.replace('http', 'ws')}/v1/stream`);
    socket.addEventListener('message', ({ data }) => heard.push(JSON.parse(String(data))));
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify({ op: 'follow', symbols: ['GOLDUSDT'] }));
    });
    await until(() => heard.length === 1);
    await world.quote([['99', '2']], [['101', '3']]);
    await until(() => heard.length === 2);
    socket.close();
    expect(heard).toEqual([
      { type: 'following', symbols: ['GOLDUSDT'] },
      { type: 'quote', symbol: 'GOLDUSDT', bids: [['99', '2']], asks: [['101', '3']] },
    ]);
  });

  test('a login that is not good is refused, and the driver says so', async () => {
    await using world = await ToyWorld.start();
    const driver = world.silentDriver({ accounts: [{ ...ACCOUNT, secret: 'guessed-secret' }] });
    const told: unknown[] = [];
    driver.onEvent((event) => told.push(event));
    await until(() => told.length > 0);
    await driver.close();
    expect(told).toEqual([{ type: 'disconnected', reason: 'acc: refused: SIGNATURE_WRONG' }]);
  });
});
