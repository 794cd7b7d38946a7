/**
 * A place in the logs of a session, as one word: a revision of each, 0 for a log that is not there. It is what a client sends
 * back to go on, after days and after a restart, so it means the same wherever the logs are.
 */
export const PARTS = ["session", "board", "mail"] as const;
export type Part = (typeof PARTS)[number];

/** The last record of each log that is told. */
export type Place = Readonly<Record<Part, number>>;

export function cursorOf({ session, board, mail }: Place): string {
  return `s${session}.b${board}.m${mail}`;
}

/** Undefined for what `cursorOf` never gave. */
export function placeOf(cursor: string): Place | undefined {
  const [, session, board, mail] = /^s(\d{1,15})\.b(\d{1,15})\.m(\d{1,15})$/.exec(cursor) ?? [];
  if (session === undefined) return undefined;
  return { session: Number(session), board: Number(board), mail: Number(mail) };
}

export function isSame(one: Place, other: Place): boolean {
  return PARTS.every((part) => one[part] === other[part]);
}
