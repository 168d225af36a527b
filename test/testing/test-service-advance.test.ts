import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { BaseEnterpriseService, type StartContext, createService } from '../../src/service/index.ts';
import { testService } from '../../src/testing/index.ts';

const config = z.strictObject({ symbol: z.string().default('BTC-USD') });

/** Asks a dependency that is well, every five seconds. */
class Watching extends BaseEnterpriseService<typeof config> {
  readonly askedAtMs: number[] = [];

  constructor() {
    super({ name: 'watching', config });
  }

  protected override onStart({ use }: StartContext): void {
    use(
      'feed',
      {},
      {
        failAfter: 1,
        check: async () => {
          this.askedAtMs.push(this.clock.monotonicMs());
          await Promise.resolve();
        },
      },
    );
  }
}

test('a check that answers is not late, however far the clock is moved at once', async () => {
  const { service, advance, logs, stop } = await testService(Watching);
  onTestFinished(async () => {
    await stop();
  });
  await advance(20_000); // a check has two seconds
  expect(service.askedAtMs).toEqual([0, 5000, 10_000, 15_000, 20_000]);
  expect(logs().filter(({ level }) => level === 'warn')).toEqual([]);
});

test('knows the configuration of a class, and of a definition', async () => {
  const ofClass = await testService(Watching, { env: { WATCHING_SYMBOL: 'ETH-USD' } });
  onTestFinished(async () => {
    await ofClass.stop();
  });
  const symbol: string = ofClass.service.config.symbol;
  const ofDefinition = await testService({ name: 'defined', config });
  onTestFinished(async () => {
    await ofDefinition.stop();
  });
  const other: string = ofDefinition.service.config.symbol;
  expect([symbol, other]).toEqual(['ETH-USD', 'BTC-USD']);
  expect(ofDefinition.service).toBeInstanceOf(createService({ name: 'other' }).constructor);
});
