/**
 * The files of a repository's main worktree, for whoever takes part over HTTP, with what an earlier process left under way there put
 * right before the first change.
 */
import { createFiles } from "../bridge/files.ts";
import { notesFolder } from "../bridge/notes-folder.ts";
import { finishPending } from "../bridge/recovery.ts";
import { ownerOf } from "../core/session/read.ts";
import { reading } from "../edge/mcp/coordination.ts";
import type { VisitorFiles } from "../edge/mcp/visitor/place.ts";
import { speakFor } from "../edge/mcp/visitor/speaking.ts";
import { createVoice } from "../edge/mcp/visitor/voice.ts";
import type { Inside } from "../edge/mpac/inside.ts";
import { readHead } from "../git/head.ts";
import { mainPathOf, type Workspace } from "../git/repository.ts";
import type { StoreFolder } from "../git/store-folder.ts";
import { isWithin } from "../git/within.ts";
import { worktreeIdOf } from "../git/worktree-id.ts";
import type { Log } from "../log.ts";
import type { Coordination } from "../tools/ports/session.ts";
import { createNotices } from "../tools/notices.ts";
import type { PrincipalId } from "../wire/ids.ts";

export interface MainFilesOptions {
  readonly inside: Inside;
  readonly main: Workspace;
  readonly store: StoreFolder;
  readonly nowMs: () => number;
  readonly log: Log;
}

export async function mainFiles({ inside, main, store, nowMs, log }: MainFilesOptions): Promise<VisitorFiles> {
  const root = main.root;
  const id = await worktreeIdOf(main);
  const notesIn = notesFolder(main, store, id);
  const notices = createNotices();
  const worktree = { id, describe: async () => ({ id, path: root ?? mainPathOf(main), ...(await readHead(main).catch(() => ({}))) }) };
  let recovery: Promise<void> | undefined;
  const settled = (): Promise<void> => {
    if (root === undefined) return Promise.resolve();
    recovery ??= finishPending({ root, notesIn, holding, tell: notices.tell }).catch((cause: unknown) => {
      recovery = undefined; // the next change tries again
      log.error({ error: String(cause) }, "changes that were under way are left as they are");
    });
    return recovery;
  };
  const tree = createFiles({ root, spelled: [], notesIn, settled, nowMs });
  const files = root === undefined ? tree : { ...tree, isWithin: (path: string) => isWithin(root, path) };
  const visitorFiles: VisitorFiles = { files, worktree, settled, takeNotices: notices.take };

  /** As whoever the intent belongs to, perhaps a bridge that has ended. */
  async function holding(intentId: string): Promise<Coordination> {
    const owner = await inside.query((state) => {
      const principal = ownerOf(state, intentId);
      return principal === undefined ? undefined : state.participants.get(principal as PrincipalId);
    });
    if (owner === undefined) return reading({ session: inside, visitorFiles }, "nobody is known to have begun this task");
    const spoken = { principal: owner.id, instance: owner.instanceId, takeNotices: () => [] };
    return speakFor(
      inside,
      createVoice({ session: inside, visitorFiles }, () => undefined, nowMs),
      spoken,
    );
  }

  return visitorFiles;
}
