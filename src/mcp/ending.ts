/**
 * Whether somebody still waits for an answer. A signal is made for whoever wants to hear of the end, and for nobody else: making one
 * takes longer than most of what a call looks at.
 */
export interface Ends {
  readonly isOver: boolean;
  /** Aborted at the end; made when it is looked up first. */
  readonly signal: AbortSignal;
}

/** A class, because there is one for each call: what looks up its signal stands once. */
export class Ending implements Ends {
  #isOver = false;
  #heard: AbortController | undefined;

  get isOver(): boolean {
    return this.#isOver;
  }

  get signal(): AbortSignal {
    this.#heard ??= new AbortController();
    if (this.#isOver) this.#heard.abort();
    return this.#heard.signal;
  }

  end(): void {
    this.#isOver = true;
    this.#heard?.abort();
  }
}
