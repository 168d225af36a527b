/** One of Server-Sent Events, as far as an event service writes them. */
export interface SentEvent {
  /** Left out where only the place is said. */
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: string;
}

/** The events of an answer, each once it is whole; the last may be cut off. */
export async function* readServerSentEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<SentEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = eventIn(block);
      if (event !== undefined) yield event;
    }
  }
}

/** `undefined` for comments, and hints without an id. */
function eventIn(block: string): SentEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const [, field, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (field !== undefined && value !== undefined) fields.set(field, value);
  }
  const [event, id, data = ''] = ['event', 'id', 'data'].map((field) => fields.get(field));
  return event === undefined && id === undefined ? undefined : { event, id, data };
}
