/** One block of Server-Sent Events. */
export interface SentEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** The whole events in a text, without comments and hints. */
export function sentEvents(text: string): readonly SentEvent[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .flatMap((block) => {
      const fields = new Map(
        block.split('\n').map((line) => {
          const at = line.indexOf(': ');
          return [line.slice(0, at), line.slice(at + 2)] as const;
        }),
      );
      const event = fields.get('event');
      if (event === undefined) return [];
      return [{ event, id: fields.get('id'), data: JSON.parse(fields.get('data') ?? 'null') as unknown }];
    });
}
