/** `signalbox://file/{path}`: what a file says now, by which reference a change may build on it, and who holds it. */
import type { JsonObject } from "../../wire/json.ts";
import type { IntentView } from "../../wire/query/views.ts";
import { cleaned } from "../cleaned.ts";
import { namedIn } from "../named-in.ts";
import type { ToolContext } from "../ports.ts";
import type { Resource } from "../resource.ts";
import { jsonContent } from "./content.ts";
import { mimeTypeOf } from "./mime-type.ts";
import { FILE_TEMPLATE } from "./uri.ts";
import { isOwn } from "./whose.ts";

/** Tasks over one path that are looked at. */
const MOST_HOLDERS = 20;

/** Tasks and worktrees among whose files one is looked for. */
const MOST_INTENTS = 200;

/** Characters of a text of others. */
const MOST_TEXT = 400;

export const file: Resource = {
  uri: FILE_TEMPLATE,
  name: "file",
  title: "File",
  description:
    "One file of the worktree as it is now, its path relative to the repository; beside its text the state_ref that submit_change takes, and who holds it.",
  mimeType: "text/plain",
  profile: "core",
  async read({ coordination, files }, { path = "" }, uri) {
    const place = await files.filePath(path);
    const state = place.ok ? await files.state(place.path, { content: true }) : undefined;
    if (state === undefined || state.status !== "ok") return undefined;
    const { principalId } = await coordination.membership();
    const [{ active_intents }, behind] = await Promise.all([
      coordination.summary({ paths: [state.path], limit: MOST_HOLDERS }),
      coordination.behind([state.path]),
    ]);
    const holders = active_intents
      .map((intent) => holderOf(intent, principalId))
      .toSorted((a, b) => Number(b["yours"]) - Number(a["yours"]));
    const content = state.truncated === true ? undefined : state.content;
    const about = jsonContent(uri, {
      path: state.path,
      state_ref: state.state_ref,
      size: state.size,
      ...(content === undefined ? { content_withheld: state.binary === true ? "not UTF-8" : "over 256 KiB" } : {}),
      holder: holders[0] ?? null,
      holders,
      behind: cleaned([...behind] as JsonObject[], { characters: () => MOST_TEXT, items: MOST_HOLDERS }),
    });
    return content === undefined ? about : [{ uri, mimeType: mimeTypeOf(state.path), text: content }, about];
  },
  async complete(ctx, _place, begun) {
    const [known, listed = []] = await Promise.all([knownPaths(ctx, begun), ctx.files.list?.(begun)]);
    return [...new Set([...known, ...listed])];
  },
};

function holderOf({ intent_id, principal_id, objective, state, expires_at }: IntentView, me: string): JsonObject {
  const holder = { intent_id, principal_id, objective, state, expires_at, yours: isOwn(me, principal_id) };
  return cleaned(holder, { characters: () => MOST_TEXT }) as JsonObject;
}

/** Files that somebody works on: of tasks, changed without one, or not committed. Folders and patterns are no files. */
async function knownPaths({ coordination }: ToolContext, begun: string): Promise<string[]> {
  const { active_intents, undeclared = [], participants } = await coordination.summary({ limit: MOST_INTENTS });
  const paths = [
    ...active_intents.flatMap(({ scope }) => (scope.resources === undefined ? [] : namedIn(scope))),
    ...undeclared.flatMap((tree) => tree.paths),
    ...participants.flatMap(({ dirty_files = [] }) => dirty_files),
  ];
  return [...new Set(paths)].filter((path) => path.startsWith(begun) && !/[*?]|\/$/.test(path) && path !== ".");
}
