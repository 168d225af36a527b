import type { StartPosition } from '../event-bus.ts';
import { GroupPlace } from './group-place.ts';
import type { Topic } from './topic.ts';

/**
 * Where a replay is in a topic. What is in memory it takes along at once, so that nothing waits for it; what is on disk it
 * reads as it goes.
 */
export function replayPlace(
  group: string,
  topic: Topic,
  from: StartPosition,
  follow: boolean,
): GroupPlace | Promise<GroupPlace> {
  const { last } = topic;
  const end = follow ? Infinity : last;
  const start = topic.locate(from);
  if (topic.isDurable) {
    const place = (next: number): GroupPlace => new GroupPlace({ group, topic, next, end, counts: false });
    return typeof start === 'number' ? place(start) : start.then(place);
  }
  const backlog = topic.entries(({ seq }) => seq >= (start as number));
  return new GroupPlace({ group, topic, backlog, next: last + 1, end, counts: false });
}
