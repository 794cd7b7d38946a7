/**
 * How long ago each of some things was in use, counted in looks: time in which nobody looks, because the machine sleeps or the
 * process stands still, does not count.
 */
export interface Uses {
  /** It is in use now, whether it was known or not. */
  note(id: string): void;
  /** It is in use while this is not disposed of; nothing for what is not known. */
  hold(id: string): Disposable;
  forget(id: string): void;
  /** The one of those that nobody holds which was in use longest ago. */
  oldest(isMeant: (id: string) => boolean): string | undefined;
  /** Looks once, and gives those that nobody has used for as many looks as there may be; again at each look until forgotten. */
  look(): string[];
}

export function createUses(mostLooks: number): Uses {
  const uses = new Map<string, { atLook: number; holds: number }>();
  let looks = 0;

  return {
    note(id) {
      const use = uses.get(id);
      if (use === undefined) uses.set(id, { atLook: looks, holds: 0 });
      else use.atLook = looks;
    },
    hold(id) {
      const use = uses.get(id);
      if (use !== undefined) use.holds += 1;
      let isHeld = true;
      return {
        [Symbol.dispose]() {
          if (!isHeld || use === undefined) return;
          isHeld = false;
          use.holds -= 1;
          use.atLook = looks;
        },
      };
    },
    forget: (id) => void uses.delete(id),
    oldest(isMeant) {
      const free = [...uses].filter(([id, { holds }]) => holds === 0 && isMeant(id));
      return free.sort(([, one], [, other]) => one.atLook - other.atLook)[0]?.[0];
    },
    look() {
      looks += 1;
      return [...uses].flatMap(([id, { atLook, holds }]) => (holds === 0 && looks - atLook >= mostLooks ? [id] : []));
    },
  };
}
