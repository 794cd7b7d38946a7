/**
 * A message as it is recorded: as received, without what a log must not hold (a credential, file contents), and with the
 * facts that its decision needs.
 */
import { canonical, canonicalWith, hashOfBytes, sha256 } from "../../engine/seal.ts";
import { isVirtual } from "../../core/session/read.ts";
import type { SessionFacts } from "../../core/session/verdict.ts";
import type { Json, JsonObject } from "../../wire/json.ts";
import type { ClientMessage, Message } from "../../wire/mpac/messages.ts";
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
const HASHED: ReadonlySet<string> = new Set(["INTENT_ANNOUNCE", "OP_COMMIT", "OP_SUPERSEDE", "CONFLICT_REPORT"]);

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
 * Prepares a message of a participant for the engine. Only a commit on the virtual tree waits, for its content to be
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
  if (kept.message_type !== "OP_COMMIT" || kept.payload.file_changes === undefined || kept.payload.file_changes === null) {
    if (kept.message_type === "OP_COMMIT" && isVirtual(tree)) return prepareVirtualCommit(kept, [], surroundings);
    return withFacts(withoutFiles(kept as unknown as JsonObject) as unknown as ClientMessage);
  }
  const changes = readContents(kept.payload.file_changes);
  if ("refused" in changes) return changes;
  return isVirtual(tree) ? prepareVirtualCommit(kept, changes, surroundings) : withFacts(withChanges(kept, changes));
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
  const payload = withCleanExtensions(strip(envelope["payload"] as JsonObject));
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

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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

/** One file of a commit, with its bytes; null deletes it. */
interface Content {
  readonly path: string;
  readonly bytes: Buffer | null;
  readonly before: string | null;
}

function readContents(changes: Readonly<Record<string, object>>): Content[] | Refused {
  const contents: Content[] = [];
  for (const [path, change] of Object.entries(changes)) {
    const { content, state_ref_before: before } = change as { readonly content?: unknown; readonly state_ref_before?: string | null };
    if (typeof content !== "string" && content !== null) {
      return { refused: `file_changes of ${JSON.stringify(path.slice(0, 80))}: content is the whole text, or null to delete the file` };
    }
    contents.push({ path, bytes: content === null ? null : Buffer.from(content, "utf8"), before: before ?? null });
  }
  return contents;
}

/** The commit with what the log keeps of each file: its references, and where its bytes are when they are kept. */
function withChanges(message: Message<"OP_COMMIT">, changes: readonly (Content & { readonly blob?: string })[]): Message<"OP_COMMIT"> {
  const kept = changes.map(({ path, bytes, before, blob }) => {
    const digest = bytes === null ? null : `sha256:${blob ?? hashOfBytes(bytes)}`;
    return [path, { state_ref_before: before, state_ref: digest, ...(blob === undefined ? {} : { blob }) }] as const;
  });
  return { ...message, payload: { ...message.payload, file_changes: Object.fromEntries(kept) } };
}

async function prepareVirtualCommit(
  message: Message<"OP_COMMIT">,
  contents: readonly Content[],
  { files, blobs, nameOf }: Surroundings,
): Promise<Prepared> {
  const paths = contents.length === 0 ? [message.payload.target] : contents.map(({ path }) => path);
  const bases: [string, string | null][] = [];
  for (const path of [...paths, message.payload.target]) {
    const name = nameOf(path);
    if (name !== undefined) bases.push([name, await files.reference(name)]);
  }
  const kept: (Content & { readonly blob?: string })[] = [];
  for (const content of contents) {
    kept.push(content.bytes === null ? content : { ...content, blob: await blobs.putBlob(content.bytes) });
  }
  const prepared = withFacts(contents.length === 0 ? message : withChanges(message, kept));
  return { ...prepared, facts: { ...prepared.facts, bases: Object.fromEntries(bases) } };
}
