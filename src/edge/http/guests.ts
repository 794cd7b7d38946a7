/** Requests that last: whoever follows the events of a bus or of the panel, or waits for a lane, is sent away when it would not be let in any more. */
export interface Guest extends Disposable {
  /** Fires when its client has gone, or when it is sent away. */
  readonly signal: AbortSignal;
  readonly isSentAway: boolean;
}

export interface Guests {
  /** Until it is disposed. */
  take(request: Pick<Request, "signal">, mayStay: () => boolean): Guest;
  /** Sends away who may not stay, and gives how many those were. */
  dismiss(): number;
}

/** A class, because there is one for each request: an accessor in a literal is made for each, and holds its request while it lies in the old part of the heap. */
class Staying implements Guest {
  readonly #request: Pick<Request, "signal">;
  readonly #end: AbortController;
  readonly #leave: () => void;
  #signal: AbortSignal | undefined;

  constructor(request: Pick<Request, "signal">, end: AbortController, leave: () => void) {
    this.#request = request;
    this.#end = end;
    this.#leave = leave;
  }

  get signal(): AbortSignal {
    this.#signal ??= AbortSignal.any([this.#request.signal, this.#end.signal]); // most requests are answered at once
    return this.#signal;
  }

  get isSentAway(): boolean {
    return this.#end.signal.aborted;
  }

  [Symbol.dispose](): void {
    this.#leave();
  }
}

export function createGuests(): Guests {
  const staying = new Map<AbortController, () => boolean>();
  return {
    take(request, mayStay) {
      const end = new AbortController();
      staying.set(end, mayStay);
      return new Staying(request, end, () => void staying.delete(end));
    },
    dismiss() {
      const unwanted = [...staying].filter(([, mayStay]) => !mayStay());
      for (const [end] of unwanted) {
        staying.delete(end);
        end.abort();
      }
      return unwanted.length;
    },
  };
}
