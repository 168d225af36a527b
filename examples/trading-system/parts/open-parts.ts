import type { SystemConfig } from '../config.ts';
import { type ClusterPartsDeps, openClusterParts } from './cluster-parts.ts';
import { openEmbeddedParts } from './embedded-parts.ts';
import type { TradingParts } from './parts.ts';

/** On servers if the configuration names them, else all of it in this process. */
export const openParts = (config: SystemConfig, deps: ClusterPartsDeps): Promise<TradingParts> =>
  config.redis === undefined
    ? openEmbeddedParts(config, deps)
    : openClusterParts({ ...config, redis: config.redis }, deps);
