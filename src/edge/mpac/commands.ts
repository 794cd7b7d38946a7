/**
 * A message as it is recorded: as received, without what a log must not hold (a credential, file contents), and with the
 * facts that its decision needs.
 */
import { hashOf } from "../../engine/seal.ts";
import { isVirtual } from "../../core/session/read.ts";
import type { SessionFacts } from "../../core/session/verdict.ts";
import type { Json, JsonObject } from "../../wire/json.ts";
import type { ClientMessage, Message } from "../../wire/mpac/messages.ts";

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
  readonly facts: SessionFacts;
}

/** Messages whose repeat is recognised by what they say. */
const HASHED: ReadonlySet<string> = new Set(["INTENT_ANNOUNCE", "OP_COMMIT", "OP_SUPERSEDE", "CONFLICT_REPORT"]);

/**
 * Prepares a message of a participant for the engine. Only a commit on the virtual tree waits, for its content to be
 * kept and the files under it to be read.
 */
export function prepare(message: ClientMessage, tree: string, files: WorkspaceFiles, blobs: Blobs): Prepared | Promise<Prepared> {
  if (message.message_type === "OP_COMMIT" && isVirtual(tree)) return prepareVirtualCommit(message, files, blobs);
  return { message, facts: contentFacts(message) };
}

/** A HELLO as it is recorded, without the credential. */
export function prepareHello(message: Message<"HELLO">): Message<"HELLO"> {
  const { credential: _secret, ...payload } = message.payload;
  return { ...message, payload };
}

function contentFacts(message: ClientMessage): SessionFacts {
  const wanted = HASHED.has(message.message_type) || message.payload.extensions?.signalbox?.request_id !== undefined;
  return wanted ? { contentHash: hashOf([message.message_type, message.payload as unknown as Json]) } : {};
}

async function prepareVirtualCommit(message: Message<"OP_COMMIT">, files: WorkspaceFiles, blobs: Blobs): Promise<Prepared> {
  const changes = Object.entries(message.payload.file_changes ?? {});
  const kept: Record<string, JsonObject> = {};
  for (const [path, change] of changes) {
    const { content, ...rest } = change as typeof change & { readonly content?: unknown };
    if (typeof content !== "string") kept[path] = { ...(rest as JsonObject), state_ref: null };
    else {
      const blob = await blobs.putBlob(Buffer.from(content, "utf8"));
      kept[path] = { ...(rest as JsonObject), blob, state_ref: `sha256:${blob}` };
    }
  }
  const paths = changes.length === 0 ? [message.payload.target] : changes.map(([path]) => path);
  const bases: Record<string, string | null> = {};
  for (const path of paths) bases[normalised(path)] = await files.reference(path).catch(() => null);

  const prepared = changes.length === 0 ? message : ({ ...message, payload: { ...message.payload, file_changes: kept } } as typeof message);
  return { message: prepared, facts: { ...contentFacts(prepared), bases } };
}

/** As the core names it: without `./`, doubled slashes and a trailing one. */
function normalised(path: string): string {
  return path
    .split(/[\\/]+/)
    .filter((segment) => segment !== "" && segment !== ".")
    .join("/");
}
