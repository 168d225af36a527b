import { hostname } from 'node:os';

/** One run of a trading process, as the lease of its desk names it: `trading-1@host:4711`. */
export const leaseOwnerOf = (name: string, pid: number): string => `${name}@${hostname()}:${pid}`;
