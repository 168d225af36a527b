import { Session } from 'node:inspector';

const shelf = globalThis as { sealsFound?: object[] };

/**
 * The sealed orders that exist now, spent or not, as a debugger in our own process finds them: a seal never leaves its
 * module, so there is no other way to one.
 */
export function sealsInMemory(): readonly object[] {
  const session = new Session();
  session.connect();
  try {
    const ask = (method: string, parameters: object): unknown => {
      let answer: unknown;
      session.post(method, parameters, (error, result) => {
        if (error !== null) throw error;
        answer = result;
      });
      return answer;
    };
    const { result } = ask('Runtime.evaluate', { expression: 'Object.prototype' }) as {
      result: { objectId: string };
    };
    const { objects } = ask('Runtime.queryObjects', { prototypeObjectId: result.objectId }) as {
      objects: { objectId: string };
    };
    ask('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      // Bundlers may have put something before or behind the name of the class.
      functionDeclaration: `function () {
        globalThis.sealsFound = this.filter((found) => {
          const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(found) ?? {}, 'constructor');
          return typeof own?.value === 'function' && /^_*Sealed\\d*$/.test(own.value.name) && own.value.prototype !== found;
        });
      }`,
    });
    const found = shelf.sealsFound ?? [];
    delete shelf.sealsFound;
    return found;
  } finally {
    session.disconnect();
  }
}
