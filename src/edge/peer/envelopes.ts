/**
 * Envelopes at hand: those of the last moments, which most are delivered in, up to a bound; all others are on the log.
 */
export interface Envelopes {
  /** Keeps one that has just been taken. */
  keep(revision: number, envelope: string): void;
  /** The envelope that a record holds. */
  of(revision: number): string | Promise<string>;
}

/** Characters of the envelopes that are kept. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

export function createEnvelopes(read: (revision: number) => Promise<string>, most = MOST_CHARACTERS): Envelopes {
  const kept = new Map<number, string>();
  let characters = 0;
  return {
    keep(revision, envelope) {
      kept.set(revision, envelope);
      characters += envelope.length;
      for (const [oldest, { length }] of kept) {
        if (characters <= most) return;
        kept.delete(oldest);
        characters -= length;
      }
    },
    of: (revision) => kept.get(revision) ?? read(revision),
  };
}
