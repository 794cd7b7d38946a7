/**
 * Which resources may say something else after what a bridge has heard from its session, from its bus, or from its peers.
 *
 * Of its session a bridge hears what participants are told: who comes and goes, tasks, changes of files, and the conflicts that it
 * is in. Of the conflicts of others nobody tells it.
 */
import type { BusChange } from "../client/bus-events.ts";
import { boardUri, canonicalUri } from "../tools/resources/uri.ts";
import type { InboundEnvelope } from "../wire/mpac/coordinator.ts";
import { BOARD, CONFLICTS, FILES, INBOX, INTENTS, LANES, SESSION, TOPICS } from "./told.ts";

/** `joined`: what was said before is not known. Of the bus, undefined: it is not known what. */
export type Heard = InboundEnvelope | "joined" | "mail" | OnBoard;

interface OnBoard {
  readonly message_type?: undefined;
  readonly onBoard: readonly BusChange[] | undefined;
}

const ABOUT: readonly (readonly [kind: RegExp, uris: readonly string[]])[] = [
  // Whether the holder of a lane is there is said with the lane.
  [/^(?:HELLO|GOODBYE)$/, [SESSION, LANES]],
  [/^(?:COORDINATOR_STATUS|SESSION_)/, [SESSION]],
  [/^PROTOCOL_ERROR$/, [SESSION, INTENTS, FILES, LANES]],
  [/^INTENT_CLAIM/, [SESSION, INTENTS, FILES, INBOX]],
  [/^INTENT_/, [SESSION, INTENTS, FILES]],
  [/^OP_/, [INTENTS, FILES]],
  [/^(?:CONFLICT_|RESOLUTION$)/, [SESSION, CONFLICTS, INBOX]],
];

/** Whether the resource may say something else now. */
export function aboutWhat(heard: Heard): (uri: string) => boolean {
  if (heard === "mail") return (uri) => uri === INBOX;
  if (heard !== "joined" && heard.message_type === undefined) return aboutBoard(heard.onBoard);
  const all = [SESSION, INTENTS, CONFLICTS, INBOX, FILES];
  const uris = heard === "joined" ? all : (ABOUT.find(([kind]) => kind.test(heard.message_type))?.[1] ?? []);
  return (uri) => uris.includes(uri.startsWith(FILES) ? FILES : uri);
}

function aboutBoard(changes: readonly BusChange[] | undefined): (uri: string) => boolean {
  const uris = new Set(changes === undefined ? [LANES, BOARD, TOPICS, INBOX] : changes.flatMap(ofChange));
  return (uri) => uris.has(canonicalUri(uri)) || (uri.startsWith(TOPICS) && uris.has(TOPICS));
}

/** What is acknowledged is named by its id only, and so may be of any topic. */
function ofChange({ change, topic, action_flag: asksPerson }: BusChange): string[] {
  if (change === "message_acknowledged") return [BOARD, TOPICS, INBOX];
  if (change !== "message_posted") return [LANES];
  return [BOARD, topic === undefined ? TOPICS : boardUri(topic), ...(asksPerson === true ? [INBOX] : [])];
}
