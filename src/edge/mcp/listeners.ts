/** How many streams of subscriptions are open: so many in one process, and of one caller half of those, so that nobody alone fills it. */

const MOST = 10_000;

export interface Listeners {
  /** One more of this caller's, until it is disposed of; undefined where there is no room. */
  join(caller: string): Disposable | undefined;
}

export function createListeners(most = MOST): Listeners {
  const own = new Map<string, number>();
  let all = 0;

  function change(caller: string, by: 1 | -1): void {
    all += by;
    const count = (own.get(caller) ?? 0) + by;
    if (count === 0) own.delete(caller);
    else own.set(caller, count);
  }

  return {
    join(caller) {
      if (all >= most || (own.get(caller) ?? 0) >= most / 2) return undefined;
      change(caller, 1);
      let isOpen = true;
      return {
        [Symbol.dispose]() {
          if (isOpen) change(caller, -1);
          isOpen = false;
        },
      };
    },
  };
}
