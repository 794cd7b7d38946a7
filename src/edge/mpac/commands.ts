/**
 * A message as it is recorded: as received, without what a log must not hold (a credential, file contents), and with the
 * facts that its decision needs.
 */
import { canonical, canonicalWith } from "../../engine/canonical.ts";
import { sha256 } from "../../engine/seal.ts";
import { isVirtual } from "../../core/session/read.ts";
import type { SessionFacts } from "../../core/session/verdict.ts";
import { isObject, type Json, type JsonObject } from "../../wire/json.ts";
import type { ClientMessage } from "../../wire/mpac/messages.ts";
import { basesOf, changesIn, contentsOf, keep, withReferences } from "./file-changes.ts";
import { withoutFiles } from "./relay.ts";

/** What the edge needs of the session's files; the composition root connects it to the main worktree. */
export interface WorkspaceFiles {
  /** The reference of a file of the main worktree, `sha256:` and 64 digits; null where there is none. */
  reference(path: string): Promise<string | null>;
  read(path: string): Promise<{ readonly content: string; readonly stateRef: string } | { readonly refused: string }>;
  list(): Promise<{
    readonly files: readonly { readonly path: string; readonly state_ref: string; readonly size: number }[];
    readonly truncated: boolean;
  }>;
}

export interface Blobs {
  putBlob(bytes: Uint8Array): Promise<string>;
}

export interface Prepared {
  readonly message: ClientMessage;
  /** The message in canonical form, when it was needed for the facts. */
  readonly text?: string;
  readonly facts: SessionFacts;
}

/** What the preparing of a commit on the virtual tree reads and keeps. */
export interface Surroundings {
  readonly files: WorkspaceFiles;
  readonly blobs: Blobs;
  /** A path as the session names it; undefined for one that it refuses. */
  readonly nameOf: (path: string) => string | undefined;
}

/** Messages whose repeat is recognised by what they say. */
const HASHED: ReadonlySet<string> = new Set([
  "INTENT_ANNOUNCE",
  "INTENT_CLAIM",
  "OP_PROPOSE",
  "OP_COMMIT",
  "OP_BATCH_COMMIT",
  "OP_SUPERSEDE",
  "CONFLICT_REPORT",
]);

/** Members that carry what only the edge may see, by their lower-case name. */
const SECRETS: ReadonlySet<string> = new Set([
  "credential",
  "credentials",
  "authorization",
  "headers",
  "token",
  "api_key",
  "password",
  "secret",
]);

/**
 * Prepares a message of a participant for the engine. Only what is about the virtual tree waits, for its content to be
 * kept and the files under it to be read.
 *
 * @throws StoreUnavailable when the content cannot be kept
 */
export function prepare(
  message: ClientMessage,
  tree: string,
  surroundings: Surroundings,
): Prepared | Refused | Promise<Prepared | Refused> {
  const kept = withoutSecrets(message);
  const changes = changesIn(kept);
  const contents = contentsOf(changes);
  if ("refused" in contents) return contents;
  if (!isVirtual(tree)) return withFacts(changes.length === 0 ? withoutContents(kept) : withReferences(kept, contents));
  if (changes.length > 0) return prepareVirtual(kept, changes, contents, surroundings);
  if (kept.message_type !== "OP_PROPOSE" || (kept.payload.state_ref_before ?? null) === null) return withFacts(withoutContents(kept));
  return prepareVirtual(withoutContents(kept), [{ target: kept.payload.target }], [], surroundings);
}

function withoutContents(message: ClientMessage): ClientMessage {
  return withoutFiles(message as unknown as JsonObject) as unknown as ClientMessage;
}

async function prepareVirtual(
  message: ClientMessage,
  changes: ReturnType<typeof changesIn>,
  contents: Exclude<ReturnType<typeof contentsOf>, Refused>,
  surroundings: Surroundings,
): Promise<Prepared> {
  const bases = await basesOf(changes, surroundings);
  const prepared = withFacts(withReferences(message, await keep(contents, surroundings)));
  return { ...prepared, facts: { ...prepared.facts, bases } };
}

export interface Refused {
  /** A sentence for the sender. */
  readonly refused: string;
}

function withFacts(message: ClientMessage): Prepared {
  const { message_type: type, payload } = message;
  if (!HASHED.has(type) && payload.extensions?.signalbox?.request_id === undefined) return { message, facts: {} };
  const payloadText = canonical(payload as unknown as Json);
  return {
    message,
    text: canonicalWith(message as unknown as JsonObject, "payload", payloadText),
    facts: { contentHash: sha256(`[${canonical(type)},${payloadText}]`) },
  };
}

/**
 * A message without the members that a log must not hold, wherever a client may have put them; the message itself when it
 * has none of them, as most have.
 */
export function withoutSecrets<Message extends ClientMessage>(message: Message): Message {
  const envelope = message as unknown as JsonObject;
  const payload = withCleanEntries(withCleanExtensions(strip(envelope["payload"] as JsonObject)));
  const kept = withCleanExtensions(strip(payload === envelope["payload"] ? envelope : { ...envelope, payload }));
  const { extensions, ...rest } = kept;
  // What stands there and is no object says nothing to anybody, and is not looked through.
  return (extensions === undefined || isObject(extensions) ? kept : rest) as unknown as Message;
}

function withCleanExtensions(members: JsonObject): JsonObject {
  const extensions = members["extensions"];
  if (!isObject(extensions)) return members;
  const clean = stripDeep(extensions);
  return clean === extensions ? members : { ...members, extensions: clean };
}

/** The operations of a batch are members of the payload as much as those that stand in it directly. */
function withCleanEntries(payload: JsonObject): JsonObject {
  const { operations } = payload;
  if (!Array.isArray(operations)) return payload;
  const entries = operations as readonly Json[];
  const clean = entries.map((entry) => (isObject(entry) ? withCleanExtensions(strip(entry)) : entry));
  return clean.every((entry, index) => entry === entries[index]) ? payload : { ...payload, operations: clean };
}

const isSecret = (name: string): boolean => SECRETS.has(name.toLowerCase());

function strip(members: JsonObject): JsonObject {
  for (const name in members) {
    if (isSecret(name)) return Object.fromEntries(Object.entries(members).filter(([kept]) => !isSecret(kept)));
  }
  return members;
}

function stripDeep(members: JsonObject): JsonObject {
  let stripped = strip(members);
  for (const [name, value] of Object.entries(stripped)) {
    const clean = isObject(value) ? stripDeep(value) : value;
    if (clean !== value) stripped = { ...stripped, [name]: clean };
  }
  return stripped;
}
