/**
 * Of which resources a bridge hears that they say something else: by their addresses alone, for the half that starts first.
 */
import { namedBus } from "../client/bus-settings.ts";

const at = (name: string): string => `signalbox://${name}`;

export const [SESSION, INTENTS, CONFLICTS, INBOX, LANES, BOARD] = [
  at("session"),
  at("intents"),
  at("conflicts"),
  at("inbox"),
  at("lanes"),
  at("board"),
] as const;
/** Each file's: what is worked on there, and what was changed. */
export const FILES = at("file/");
/** Each topic's. */
export const TOPICS = `${BOARD}?`;

const OF_SESSION: readonly string[] = [SESSION, INTENTS, CONFLICTS, INBOX];
const OF_BOARD: readonly string[] = [LANES, BOARD, INBOX];

/** Whether the session's bus has to be followed for the resource: where another one is named, nobody tells of that. */
export function isOfBoard(uri: string, env: NodeJS.ProcessEnv): boolean {
  return (OF_BOARD.includes(uri) || uri.startsWith(TOPICS)) && namedBus(env) === undefined;
}

/** Whether anybody tells a bridge that the resource says something else. */
export function isTold(uri: string, env: NodeJS.ProcessEnv): boolean {
  return OF_SESSION.includes(uri) || uri.startsWith(FILES) || isOfBoard(uri, env);
}
