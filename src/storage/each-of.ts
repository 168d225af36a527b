/**
 * The items that lists give, one by one. An item of a list that is there takes one hop of a promise; `yield*` in an async
 * generator takes several, which is what reading a long log would spend its time on.
 *
 * @param itemsOf what one of the lists holds
 */
export function eachOf<L, T>(lists: AsyncGenerator<L>, itemsOf: (list: L) => readonly T[]): AsyncIterable<T> {
  let items: readonly T[] = [];
  let at = 0;
  let refilling: Promise<unknown> | undefined;

  const refill = async (): Promise<IteratorResult<T, undefined>> => {
    while (at >= items.length) {
      const { done, value } = (await lists.next()) as IteratorResult<L, undefined>;
      if (done === true) return { done, value: undefined };
      items = itemsOf(value);
      at = 0;
    }
    return take();
  };
  const take = (): IteratorResult<T, undefined> => ({ done: false, value: items[at++] as T });

  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        if (refilling !== undefined) return refilling.then(() => this.next());
        if (at < items.length) return Promise.resolve(take());
        const next = refill();
        refilling = next.finally(() => (refilling = undefined)).catch(ignore);
        return next;
      },
      async return() {
        items = [];
        await lists.return(undefined);
        return { done: true, value: undefined };
      },
    }),
  };
}

const ignore = (): void => undefined;
