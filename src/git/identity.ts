/**
 * The names that follow from where a workspace is: digest, port and session id.
 *
 * They are those that the mpac-mcp tools derive, so that both find the same sidecar.
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { MAX_ID_LENGTH, SessionId } from "../wire/ids.ts";

const FIRST_PORT = 38_000;
const PORTS = 2_000;

export interface Identity {
  /** First ten hex digits of the SHA-1 of the path in UTF-8. */
  readonly digest10: string;
  /** 38000 to 39999, inside the range that systems hand out themselves: it may be taken. */
  readonly port: number;
  readonly sessionId: SessionId;
  /** Folder name, lower-cased, spaces as `-`; `workspace` for a root folder. */
  readonly slug: string;
}

/**
 * @param mainPath - real path of the main worktree or plain folder
 */
export function deriveIdentity(mainPath: string): Identity {
  const digest = createHash("sha1").update(mainPath, "utf8").digest("hex");
  const digest10 = digest.slice(0, 10);
  const slug = basename(mainPath).replaceAll(" ", "-").toLowerCase() || "workspace";
  return {
    digest10,
    port: FIRST_PORT + (Number.parseInt(digest.slice(0, 8), 16) % PORTS),
    sessionId: SessionId.parse(`mpac-local-${fit(slug, digest10)}-${digest10}`),
    slug,
  };
}

/** A folder name may have 255 units, with which the id would be longer than an id may be. */
function fit(slug: string, digest10: string): string {
  const room = MAX_ID_LENGTH - `mpac-local--${digest10}`.length;
  return slug.slice(0, room).replace(/[\uD800-\uDBFF]$/, "");
}
