/** One log of a topic that is split into several. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A member as the server has it: its id, the topics that it reads, and how long it lives without a heartbeat. */
export const memberEntry = (id: string, topics: readonly string[], leaseMs: number): string =>
  `${id} ${[...topics].sort().join(',')} ${leaseMs}`;

/** The topics that a member reads. @param entry as of `memberEntry` */
export const topicsOf = (entry: string): readonly string[] => entry.split(' ')[1]?.split(',') ?? [];

/**
 * The partitions that a member should own: all of those that live members read, divided evenly. Every member comes to the same
 * result from the same list, whatever its order.
 *
 * @param members entries as of `memberEntry`
 */
export function shareOf(
  members: readonly string[],
  me: string,
  partitions: number,
): readonly TopicPartition[] {
  const readers = [...members].sort().map((entry) => ({ entry, topics: new Set(topicsOf(entry)), share: 0 }));
  const topics = [...new Set(readers.flatMap((reader) => [...reader.topics]))].sort();
  const mine: TopicPartition[] = [];
  for (const topic of topics) {
    const able = readers.filter((reader) => reader.topics.has(topic));
    for (let partition = 0; partition < partitions; partition++) {
      const owner = able.reduce((least, each) => (each.share < least.share ? each : least));
      owner.share++;
      if (owner.entry === me) mine.push({ topic, partition });
    }
  }
  return mine;
}
