/** One of Server-Sent Events, as far as an event service writes them. */
export interface SentEvent {
  readonly event: string;
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

/** `undefined` for comments and hints. */
function eventIn(block: string): SentEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const [, field, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? [];
    if (field !== undefined && value !== undefined) fields.set(field, value);
  }
  const event = fields.get('event');
  const data = fields.get('data');
  return event === undefined || data === undefined ? undefined : { event, id: fields.get('id'), data };
}
