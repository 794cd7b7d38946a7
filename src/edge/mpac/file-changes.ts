/**
 * What changes bring with them: contents are kept as blobs beside the log, which holds their references; and the files
 * that they are built on are looked at in the main worktree.
 */
import { hashOfBytes } from "../../engine/seal.ts";
import type { ClientMessage, Message } from "../../wire/mpac/messages.ts";
import type { Refused, Surroundings } from "./commands.ts";

/** One change of a message: of an OP_COMMIT the message itself, of an OP_BATCH_COMMIT an entry. */
type Change = Pick<Message<"OP_COMMIT">["payload"], "target" | "file_changes">;

/** One file of a change, with its bytes; null deletes it. */
interface Content {
  readonly path: string;
  readonly bytes: Buffer | null;
  readonly before: string | null;
}

type Kept = Content & { readonly blob?: string };

/** The changes that a message declares; none for a message that declares no change. */
export function changesIn(message: ClientMessage): readonly Change[] {
  if (message.message_type === "OP_COMMIT") return [message.payload];
  return message.message_type === "OP_BATCH_COMMIT" ? message.payload.operations : [];
}

/** The contents of each change, or what is wrong with them. */
export function contentsOf(changes: readonly Change[]): (readonly Content[])[] | Refused {
  const all: (readonly Content[])[] = [];
  for (const { file_changes: files } of changes) {
    const contents = readContents(files ?? {});
    if ("refused" in contents) return contents;
    all.push(contents);
  }
  return all;
}

function readContents(files: Readonly<Record<string, object>>): Content[] | Refused {
  const contents: Content[] = [];
  for (const [path, change] of Object.entries(files)) {
    const { content, state_ref_before: before } = change as { readonly content?: unknown; readonly state_ref_before?: string | null };
    if (typeof content !== "string" && content !== null) {
      return { refused: `file_changes of ${JSON.stringify(path.slice(0, 80))}: content is the whole text, or null to delete the file` };
    }
    contents.push({ path, bytes: content === null ? null : Buffer.from(content, "utf8"), before: before ?? null });
  }
  return contents;
}

/** The message with what the log keeps of each file: its references, and where its bytes are when they are kept. */
export function withReferences(message: ClientMessage, contents: readonly (readonly Kept[])[]): ClientMessage {
  if (message.message_type === "OP_COMMIT") return { ...message, payload: referenced(message.payload, contents[0] ?? []) };
  if (message.message_type !== "OP_BATCH_COMMIT") return message;
  // Beside its entries a batch brings nothing.
  const { file_changes: _nobody, ...payload } = message.payload;
  const operations = message.payload.operations.map((entry, index) => referenced(entry, contents[index] ?? []));
  return { ...message, payload: { ...payload, operations } as typeof message.payload };
}

function referenced<Members extends Change>(members: Members, contents: readonly Kept[]): Members {
  if (contents.length === 0) {
    if (members.file_changes === undefined) return members;
    const { file_changes: _none, ...rest } = members;
    return rest as Members;
  }
  const kept = contents.map(({ path, bytes, before, blob }) => {
    const digest = bytes === null ? null : `sha256:${blob ?? hashOfBytes(bytes)}`;
    return [path, { state_ref_before: before, state_ref: digest, ...(blob === undefined ? {} : { blob }) }] as const;
  });
  return { ...members, file_changes: Object.fromEntries(kept) };
}

/** @throws StoreUnavailable when a content cannot be kept */
export async function keep(contents: readonly (readonly Content[])[], { blobs }: Pick<Surroundings, "blobs">): Promise<Kept[][]> {
  const all: Kept[][] = [];
  for (const files of contents) {
    const kept: Kept[] = [];
    for (const file of files) kept.push(file.bytes === null ? file : { ...file, blob: await blobs.putBlob(file.bytes) });
    all.push(kept);
  }
  return all;
}

/** What the main worktree has at the paths that the changes are about, by the names that the session gives them. */
export async function basesOf(
  changes: readonly Change[],
  { files, nameOf }: Pick<Surroundings, "files" | "nameOf">,
): Promise<{ readonly [path: string]: string | null }> {
  const paths = changes.flatMap(({ target, file_changes: brought }) => [...Object.keys(brought ?? {}), target]);
  const names = new Set(paths.flatMap((path) => nameOf(path) ?? []));
  const bases: [string, string | null][] = [];
  for (const name of names) bases.push([name, await files.reference(name)]);
  return Object.fromEntries(bases);
}
