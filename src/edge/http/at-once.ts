/**
 * How many questions of one asker are worked at: its others wait for their turn, in the order in which they came, so that who asks
 * much at once slows itself down and nobody else.
 */
export interface AtOnce {
  /** Resolves when it is this one's turn, which lasts until what it gives is disposed of. */
  turn(asker: string): Promise<Disposable>;
}

interface Line {
  busy: number;
  readonly waiting: (() => void)[];
}

export function createAtOnce(most: number): AtOnce {
  const lines = new Map<string, Line>();
  return {
    async turn(asker) {
      const line = lines.get(asker) ?? { busy: 0, waiting: [] };
      lines.set(asker, line);
      if (line.busy < most) line.busy += 1;
      else await new Promise<void>((resolve) => line.waiting.push(resolve));
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
