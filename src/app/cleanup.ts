/**
 * What has been opened so far, closed in the opposite order when the rest does not come about. What cannot be closed keeps
 * nothing else open.
 */

/** What is closed at once, or in a while. */
export type Closable = Disposable | AsyncDisposable;

export class Cleanup implements AsyncDisposable {
  #owned: Closable[] = [];

  own<Owned extends Closable>(owned: Owned): Owned {
    this.#owned.push(owned);
    return owned;
  }

  /** Hands everything over to somebody who closes it later. */
  release(): AsyncDisposable {
    const released = new Cleanup();
    released.#owned = this.#owned;
    this.#owned = [];
    return released;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const faults: unknown[] = [];
    for (let owned = this.#owned.pop(); owned !== undefined; owned = this.#owned.pop()) {
      try {
        if (Symbol.asyncDispose in owned) await owned[Symbol.asyncDispose]();
        else owned[Symbol.dispose]();
      } catch (fault) {
        faults.push(fault);
      }
    }
    if (faults.length > 0) throw faults[0];
  }
}
