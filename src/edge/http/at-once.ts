/**
 * How many questions of one asker are worked at: its others wait for their turn, in the order in which they came, so that who asks
 * much at once slows itself down and nobody else.
 */
export interface AtOnce {
  /**
   * Resolves when it is this one's turn, which lasts until what it gives is disposed of.
   *
   * @param signal - ends the wait, which rejects then and keeps no place
   */
  turn(asker: string, signal?: AbortSignal): Promise<Disposable>;
}

interface Line {
  busy: number;
  readonly waiting: (() => void)[];
}

export function createAtOnce(most: number): AtOnce {
  const lines = new Map<string, Line>();
  return {
    async turn(asker, signal) {
      const line = lines.get(asker) ?? { busy: 0, waiting: [] };
      lines.set(asker, line);
      if (line.busy < most) line.busy += 1;
      else await inLine(line, signal);
      return {
        [Symbol.dispose]() {
          const next = line.waiting.shift();
          // Not in one go with the last: an answer at hand waits for nothing, and all of them would leave nobody else a turn.
          if (next !== undefined) return void setImmediate(next);
          line.busy -= 1;
          if (line.busy === 0) lines.delete(asker);
        },
      };
    },
  };
}

function inLine({ waiting }: Line, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    waiting.push(resolve);
    signal?.addEventListener(
      "abort",
      () => {
        const place = waiting.indexOf(resolve);
        if (place < 0) return; // its turn came
        waiting.splice(place, 1);
        reject(signal.reason as Error);
      },
      { once: true },
    );
  });
}
