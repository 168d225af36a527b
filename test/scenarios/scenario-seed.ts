import type { ExecutionLimitsInput } from '../../src/execution/index.ts';
import { accept } from '../support/scripted-driver.ts';
import { type Settings, WIDE_EXECUTION } from './scenario-settings.ts';
import { ScenarioWorld } from './scenario-world.ts';
import { Words, spanOf } from './scenario-words.ts';

const RISK = {
  'max-loss': 'maxDailyLoss',
  'max-position': 'maxPositionNotional',
  'max-exposure': 'maxTotalExposure',
  'max-cluster': 'maxClusterExposure',
} as const;

/** The world that a table begins with: what has been bought before, then the limits that the table is about. */
export async function seed(args: readonly string[]): Promise<ScenarioWorld> {
  const words = new Words(args);
  const settings = settingsOf(words);
  const holdings = ['GOLD', 'SILVER', 'ORE'].flatMap((instrumentId) => {
    const quantity = words.after(instrumentId.toLowerCase());
    return quantity === undefined ? [] : [{ instrumentId, quantity }];
  });
  const unquoted = words.has('unquoted');
  const unstarted = words.has('unstarted');
  words.end();

  const world = new ScenarioWorld({ ...settings, risk: {}, execution: WIDE_EXECUTION });
  const open = async (): Promise<void> => {
    await world.boot();
    if (!unquoted) for (const id of ['GOLD', 'SILVER', 'ORE']) world.mark('100', id);
    if (!unstarted) await world.outcome(world.desk.start());
  };
  if (holdings.length > 0) {
    await open();
    for (const { instrumentId, quantity } of holdings) await buy(world, instrumentId, quantity);
  }
  world.settings = settings;
  await open();
  world.begin();
  return world;
}

async function buy(world: ScenarioWorld, instrumentId: string, quantity: string): Promise<void> {
  const intentId = `seed-${instrumentId}`;
  const price = { type: 'limit', limit: '100', postOnly: false } as const;
  world.venue.driver.onPlace = accept;
  const intent = {
    intentId,
    accountId: 'acc',
    strategyId: 'strat',
    instrumentId,
    side: 'buy',
    quantity,
    price,
  } as const;
  const outcome = await world.outcome(world.submit(intent));
  if (outcome?.kind !== 'accepted') throw new Error(`SEED: ${JSON.stringify(outcome)}`);
  world.venue.driver.fill(outcome.clientOrderId, intentId, quantity);
  await world.settle();
}

function settingsOf(words: Words): Settings {
  const risk: Record<string, unknown> = {};
  for (const [word, name] of Object.entries(RISK)) {
    const value = words.after(word);
    if (value !== undefined) risk[name] = value;
  }
  const count = words.after('max-positions');
  if (count !== undefined) risk['maxPositions'] = Number(count);
  const drawdown = words.after('max-drawdown');
  if (drawdown !== undefined) risk['maxDrawdownFraction'] = Number(drawdown);
  const age = words.after('max-age');
  if (age !== undefined) risk['maxDataAgeMs'] = spanOf(age);
  const collar = words.after('exit-collar');
  if (collar !== undefined) risk['exitCollarBps'] = Number(collar);
  const coolDown = words.after('cool-down');
  const every = words.after('reconcile');
  return {
    risk,
    execution: executionOf(words),
    cash: words.after('cash') ?? '100000',
    canAmend: !words.has('no-amend'),
    coolDownMs: coolDown === undefined ? 0 : spanOf(coolDown),
    secondPerson: words.has('two-persons'),
    reconcileEveryMs: every === undefined ? 'never' : spanOf(every),
  };
}

function executionOf(words: Words): ExecutionLimitsInput {
  const entry = (word: string) => {
    const value = words.after(word);
    return value === undefined ? undefined : Number(value);
  };
  const spread = entry('max-spread');
  const depth = entry('min-depth');
  const volume = entry('max-volume');
  const slippage = entry('max-slippage');
  const perDay = words.after('slippage-day');
  const collar = entry('collar');
  return {
    ...WIDE_EXECUTION,
    ...(spread !== undefined && { spreadBps: { entry: spread } }),
    ...(depth !== undefined && { depth: { multiple: { entry: depth } } }),
    ...(volume !== undefined && { volumeFraction: { entry: volume } }),
    slippage: {
      perOrderBps: { entry: slippage ?? 'none' },
      ...(perDay !== undefined && { perDay }),
    },
    ...(collar !== undefined && { collarBps: { entry: collar, exit: 9_000 } }),
    ...(words.has('no-immediate') && { timeInForce: { entry: ['GTC'] } }),
  };
}
