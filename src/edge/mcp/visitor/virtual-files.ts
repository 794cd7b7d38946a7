/**
 * The files of a session without a repository: its virtual tree, which holds what was committed there with its content.
 *
 * A content waits here from `prepare` until the commit of its operation takes it along; nothing of it is on a disk.
 */
import { hashOfBytes } from "../../../engine/seal.ts";
import { operationPayload } from "../../../tools/payloads.ts";
import type { FileState, Files, PreparedReplacement } from "../../../tools/ports/files.ts";
import type { Commit } from "../../../tools/ports/session.ts";
import { createTurns } from "../../../tools/turns.ts";
import type { JsonObject } from "../../../wire/json.ts";
import { EMPTY_REF } from "../../../wire/references.ts";

/** Bytes of content in one result; a longer file is shown from its beginning. */
const MAX_CONTENT_BYTES = 256 * 1024;

export type VirtualFile =
  | { readonly status: "ok"; readonly path: string; readonly bytes: Uint8Array }
  | { readonly status: "missing"; readonly path: string }
  | { readonly status: "refused"; readonly why: string };

export interface VirtualFiles {
  readonly files: Files;
  readonly commitPayload: (commit: Commit) => JsonObject;
}

/** @param readFile - a file as the session has it now, under the name that the session gives it */
export function createVirtualFiles(readFile: (path: string) => Promise<VirtualFile>): VirtualFiles {
  const waiting = new Map<string, { readonly content: string | null; readonly before: string }>();

  return {
    files: {
      isVirtual: true,
      // What a path of a scope may be is for the session to judge; no link leads elsewhere here.
      scopePaths: (text) => Promise.resolve({ ok: true, paths: [text] }),
      async filePath(text) {
        const found = await readFile(text);
        return found.status === "refused" ? { ok: false, why: found.why } : { ok: true, path: found.path, entry: found.path };
      },
      alone: createTurns(),
      async state(path, { content }) {
        const found = await readFile(path);
        switch (found.status) {
          case "refused":
            return found;
          case "missing":
            return { status: "missing", path: found.path, state_ref: EMPTY_REF, size: 0 };
          case "ok":
            return stateOf(found.path, found.bytes, content);
        }
      },
      prepare({ content, opId, stateRefBefore }) {
        waiting.set(opId, { content, before: stateRefBefore });
        return Promise.resolve(prepared(opId, content));
      },
      isWaiting: (opId) => waiting.has(opId),
    },
    commitPayload({ fence, observed: _none, requestId, ...commit }) {
      const kept = waiting.get(commit.opId);
      const once = requestId === undefined ? {} : { request_id: requestId };
      const brought = kept === undefined ? {} : { [commit.target]: { content: kept.content, state_ref_before: kept.before } };
      return { ...operationPayload(commit), file_changes: brought, extensions: { signalbox: { fence, ...once } } };
    },
  };

  /** With its commit it is in place. */
  function prepared(opId: string, content: string | null): PreparedReplacement {
    const drop = (): Promise<void> => {
      waiting.delete(opId);
      return Promise.resolve();
    };
    return {
      stateRefAfter: content === null ? EMPTY_REF : refOf(Buffer.from(content, "utf8")),
      async apply() {
        await drop();
        return { outcome: "applied" };
      },
      abandon: drop,
      withdrawn: drop,
    };
  }
}

const refOf = (bytes: Uint8Array): string => `sha256:${hashOfBytes(bytes)}`;

function stateOf(path: string, bytes: Uint8Array, content: boolean): FileState {
  const found = { status: "ok" as const, path, state_ref: refOf(bytes), size: bytes.length };
  if (!content) return found;
  const shown = textOf(bytes);
  if (shown === undefined) return { ...found, binary: true };
  return { ...found, content: shown, ...(bytes.length > MAX_CONTENT_BYTES ? { truncated: true } : {}) };
}

/** Its beginning, without a last character that is cut off; undefined when it is not UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, MAX_CONTENT_BYTES), { stream: true });
  } catch {
    return undefined;
  }
}
