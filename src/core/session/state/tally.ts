/** What a session has seen, counted while it is folded: the summary at its end (SPEC 9.6.2) outlives what is forgotten. */
export interface Tally {
  intents: number;
  completed: number;
  expired: number;
  withdrawn: number;
  operations: number;
  committed: number;
  rejected: number;
  abandoned: number;
  conflicts: number;
  resolved: number;
  participants: number;
}

export function emptyTally(): Tally {
  return {
    intents: 0,
    completed: 0,
    expired: 0,
    withdrawn: 0,
    operations: 0,
    committed: 0,
    rejected: 0,
    abandoned: 0,
    conflicts: 0,
    resolved: 0,
    participants: 0,
  };
}
