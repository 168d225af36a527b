import { onDispose } from '../core/clock.ts';

/** Listens for as long as anybody needs it. */
export class SharedListening {
  readonly #listen: () => Disposable;
  #listening: Disposable | undefined;
  #holders = 0;

  constructor(listen: () => Disposable) {
    this.#listen = listen;
  }

  get isOn(): boolean {
    return this.#holders > 0;
  }

  /** Listens at least until disposed. */
  hold(): Disposable {
    this.#holders += 1;
    this.#listening ??= this.#listen();
    let isHeld = true;
    return onDispose(() => {
      if (!isHeld) return;
      isHeld = false;
      this.#holders -= 1;
      if (this.isOn) return;
      this.#listening?.[Symbol.dispose]();
      this.#listening = undefined;
    });
  }
}
