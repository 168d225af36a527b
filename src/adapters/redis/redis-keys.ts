/** Where everything of a bus lies on the server; what is in braces keeps the keys of one partition together in a cluster. */
export interface RedisKeys {
  /** Stream. Fields: `e` the event as JSON, `r` the only group it is for (of events put back from dead letters). */
  readonly events: (topic: string, partition: number) => string;
  /** Stream of dead letters: `g` group, `p` position, `w` reason, `d` detail, `n` attempts, `t` wall time in ms, `e` text. */
  readonly dead: (topic: string, partition: number) => string;
  /** Hash: how many dead letters there are, by group. */
  readonly deadCounts: (topic: string, partition: number) => string;
  /** Hash: the last sequence number that was applied of a publisher, the places of its last batches. Expires. */
  readonly publisher: (topic: string, partition: number, publisherId: string) => string;
  /** An id that a caller gave. Expires with the window in which it is known again. */
  readonly eventId: (topic: string, partition: number, source: string, id: string) => string;
  /** The lease of a group's partition: `<member> <fencing number>`. */
  readonly owner: (topic: string, partition: number, group: string) => string;
  /** The fencing number that was given last. */
  readonly fence: (topic: string, partition: number, group: string) => string;
  /** The lease of whoever trims a partition. */
  readonly trimmer: (topic: string, partition: number) => string;
  /** Sorted set: `<member> <topic>,<topic> <leaseMs>` by its last heartbeat, ms of the server's time. */
  readonly members: (group: string) => string;
  /**
   * Short stream that members of a group wait on beside their events: an entry says that ownership may have changed. With a
   * member's name, one that it writes itself to end its own wait.
   */
  readonly wake: (group: string, member?: string) => string;
  /** Hash: version of the layout, partitions of each topic, a random generation. */
  readonly meta: string;
}

export function redisKeys(prefix: string): RedisKeys {
  const of = (kind: string) => (topic: string, partition: number) =>
    `${prefix}:{${topic}.${partition}}:${kind}`;
  const withName = (kind: string) => (topic: string, partition: number, name: string) =>
    `${prefix}:{${topic}.${partition}}:${kind}:${name}`;
  return {
    events: of('events'),
    dead: of('dead'),
    deadCounts: of('dead-counts'),
    publisher: withName('pub'),
    eventId: (topic, partition, source, id) => withName('id')(topic, partition, `${source} ${id}`),
    owner: withName('owner'),
    fence: withName('fence'),
    trimmer: of('trimmer'),
    members: (group) => `${prefix}:members:${group}`,
    wake: (group, member) => `${prefix}:wake:${group}${member === undefined ? '' : `:${member}`}`,
    meta: `${prefix}:meta`,
  };
}

/** Position of an event in its topic: `<partition>:<ms>-<seq>`. */
export const positionOf = (partition: number, streamId: string): string => `${partition}:${streamId}`;

/** The parts of a position, if it is one. */
export function parsePosition(text: string): { partition: number; streamId: string } | undefined {
  const match = /^(\d{1,5}):(\d{1,16}-\d{1,20})$/.exec(text);
  return match === null ? undefined : { partition: Number(match[1]), streamId: String(match[2]) };
}
