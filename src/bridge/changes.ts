/**
 * Which resources may say something else after what a bridge has heard from its session, or from its peers.
 *
 * A bridge hears what participants are told: who comes and goes, tasks, changes of files, and the conflicts that it is in. Of
 * lanes, the board and the conflicts of others nobody tells it, so these are not followed here but read.
 */
import type { InboundEnvelope } from "../wire/mpac/coordinator.ts";

/** `joined`: what was said before is not known. */
export type Heard = InboundEnvelope | "joined" | "mail";

const [SESSION, INTENTS, CONFLICTS, INBOX] = ["session", "intents", "conflicts", "inbox"].map((name) => `signalbox://${name}`);
/** Each file's: what is worked on there, and what was changed. */
const FILES = "signalbox://file/";

const ABOUT: readonly (readonly [kind: RegExp, uris: readonly (string | undefined)[]])[] = [
  [/^(?:HELLO|GOODBYE|COORDINATOR_STATUS|SESSION_)/, [SESSION]],
  [/^PROTOCOL_ERROR$/, [SESSION, INTENTS, FILES]],
  [/^INTENT_CLAIM/, [SESSION, INTENTS, FILES, INBOX]],
  [/^INTENT_/, [SESSION, INTENTS, FILES]],
  [/^OP_/, [INTENTS, FILES]],
  [/^(?:CONFLICT_|RESOLUTION$)/, [SESSION, CONFLICTS, INBOX]],
];

/** Whether the resource may say something else now. */
export function aboutWhat(heard: Heard): (uri: string) => boolean {
  if (heard === "mail") return (uri) => uri === INBOX;
  const all = [SESSION, INTENTS, CONFLICTS, INBOX, FILES];
  const uris = heard === "joined" ? all : (ABOUT.find(([kind]) => kind.test(heard.message_type))?.[1] ?? []);
  return (uri) => uris.includes(uri.startsWith(FILES) ? FILES : uri);
}

/** Whether anybody tells a bridge that the resource says something else. */
export const isTold = aboutWhat("joined");
