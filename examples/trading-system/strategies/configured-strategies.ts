import type { SystemConfig } from '../config.ts';
import { BandReversion } from './band-reversion.ts';
import { ChannelBreakout } from './channel-breakout.ts';
import type { SignalStrategy } from './signal-strategy.ts';

export const configuredStrategies = ({
  strategies,
}: Pick<SystemConfig, 'strategies'>): readonly SignalStrategy<unknown>[] =>
  strategies.map((one) =>
    one.kind === 'channel-breakout' ? new ChannelBreakout(one) : new BandReversion(one),
  );
