import { Session } from 'node:inspector';

/** A debugger in our own process: what no module boundary and no private field keeps out. */
function debug<T>(work: (post: (method: string, parameters?: object) => unknown) => T): T {
  const session = new Session();
  session.connect();
  try {
    return work((method, parameters) => {
      let answer: unknown;
      session.post(method, parameters, (error, result) => {
        if (error !== null) throw error;
        answer = result;
      });
      return answer;
    });
  } finally {
    session.disconnect();
  }
}

const shelf = globalThis as { heapShelf?: unknown };

/** Live objects whose class has this name, found by looking through the whole heap. */
export function findInHeap(className: string): object[] {
  return debug((post) => {
    const { result } = post('Runtime.evaluate', { expression: 'Object.prototype' }) as {
      result: { objectId: string };
    };
    const { objects } = post('Runtime.queryObjects', { prototypeObjectId: result.objectId }) as {
      objects: { objectId: string };
    };
    post('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      arguments: [{ value: className }],
      functionDeclaration: `function (name) {
        globalThis.heapShelf = this.filter((found) => {
          const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(found) ?? {}, 'constructor');
          return typeof own?.value === 'function' && own.value.name === name && own.value.prototype !== found;
        });
      }`,
    });
    const found = shelf.heapShelf as object[];
    delete shelf.heapShelf;
    return found;
  });
}

/** The object in a `#private` field, read as a debugger reads it; `undefined` without such a field. */
export function readPrivate(owner: object, field: string): unknown {
  return debug((post) => {
    shelf.heapShelf = owner;
    const { result } = post('Runtime.evaluate', { expression: 'heapShelf' }) as {
      result: { objectId: string };
    };
    const { privateProperties } = post('Runtime.getProperties', {
      objectId: result.objectId,
      ownProperties: true,
    }) as { privateProperties?: { name: string; value: { objectId: string } }[] };
    const found = privateProperties?.find(({ name }) => name === field);
    delete shelf.heapShelf;
    if (found === undefined) return undefined;
    post('Runtime.callFunctionOn', {
      objectId: found.value.objectId,
      functionDeclaration: 'function () { globalThis.heapShelf = this; }',
    });
    const value = shelf.heapShelf;
    delete shelf.heapShelf;
    return value;
  });
}
