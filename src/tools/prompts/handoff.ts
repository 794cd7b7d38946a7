/** `handoff`: what a successor must know of a task, and the calls that hand it over. */
import type { IntentAnswer, SummaryAnswer } from "../../wire/query.ts";
import type { ConflictView, ParticipantView } from "../../wire/query/views.ts";
import { behindLines } from "../behind.ts";
import { conflictLine } from "../conflict-line.ts";
import { namedIn } from "../named-in.ts";
import { folderName } from "../observed.ts";
import type { Prompt } from "../prompt.ts";
import { listed, named, quoted } from "../quote.ts";
import { isOwn } from "../resources/whose.ts";
import { asArguments } from "../scope-input.ts";
import { since, until } from "../times.ts";
import type { Next } from "../tool.ts";
import { saidAbout } from "./said.ts";
import { promptText } from "./text.ts";

/** Tasks that are looked at, and names that a sentence gives. */
const MOST_INTENTS = 200;
const NAMED = 8;

type Intent = NonNullable<IntentAnswer["intent"]>;

export const handoff: Prompt = {
  name: "handoff",
  title: "Hand over a task",
  description:
    "What a successor must know of a task: objective, files, changes, what is not committed, conflicts and messages; and how to hand it over.",
  arguments: [
    { name: "intent_id", description: "A task; without it your latest.", required: false },
    { name: "to", description: "Who takes it: a participant.", required: false },
  ],
  async fill(ctx, { intent_id: asked, to }) {
    const { coordination, nowMs } = ctx;
    const { principalId: me } = await coordination.membership();
    const summary = await coordination.summary({ limit: MOST_INTENTS });
    const unknown = unknownParticipant(to, summary);
    if (unknown !== undefined) return { refused: unknown };
    const own = summary.active_intents.filter(({ principal_id }) => isOwn(me, principal_id)).map(({ intent_id }) => intent_id);
    const id = asked ?? own.at(-1);
    const { intent, behind } = id === undefined ? { intent: null, behind: [] } : await coordination.intentBehind(id);
    if (intent === null) return { refused: noTask(id, summary) };

    const owner = summary.participants.find(({ principal_id }) => principal_id === intent.principal_id);
    const conflicts = summary.open_conflicts.filter(({ intent_a, intent_b }) => [intent_a, intent_b].includes(intent.intent_id));
    const others = own.filter((one) => one !== intent.intent_id);
    const successor = to === undefined ? "a successor" : named(to);
    return {
      text: promptText({
        ask: `Hand the task ${named(intent.intent_id)} over to ${successor}: write what they must know to go on, in a few lines: what is done, what is left, what is not committed, what to watch. Add what you know of it yourself. Then make the calls below.`,
        facts: [
          ...taskLines(intent, me, nowMs()),
          ...treeLines(owner),
          ...behindLines(behind, nowMs()),
          ...conflicts.slice(0, 3).map((conflict: ConflictView) => conflictLine(conflict, me, summary.active_intents)),
          ...(await saidAbout(ctx, [intent.intent_id])),
          ...(others.length === 0 ? [] : [`Your other tasks: ${listed(others, NAMED)}.`]),
        ],
        next: nextFor(intent, me, to),
      }),
    };
  },
  async complete({ coordination }, argument, begun) {
    const { principalId: me } = await coordination.membership();
    const { active_intents, participants } = await coordination.summary({ limit: MOST_INTENTS });
    const tasks = active_intents.toSorted((a, b) => Number(isOwn(me, b.principal_id)) - Number(isOwn(me, a.principal_id)));
    const names = participants.map(({ principal_id }) => principal_id).filter((name) => name !== me);
    const values = argument === "intent_id" ? tasks.map(({ intent_id }) => intent_id) : argument === "to" ? names : [];
    return values.filter((value) => value.startsWith(begun));
  },
};

function unknownParticipant(name: string | undefined, { participants, participant_count }: SummaryAnswer): string | undefined {
  const names = participants.map(({ principal_id }) => principal_id);
  if (name === undefined || names.includes(name) || participant_count > names.length) return undefined;
  return `there is no participant ${quoted(name)}; here are ${listed(names, NAMED)}`;
}

function noTask(id: string | undefined, { active_intents, active_intent_count }: SummaryAnswer): string {
  const ids = active_intents.map(({ intent_id }) => intent_id);
  const live = ids.length === 0 ? "nobody has a live one" : `live are ${listed(ids, NAMED, active_intent_count)}`;
  return id === undefined ? `you have no live task: name one as intent_id; ${live}` : `there is no task ${quoted(id)}; ${live}`;
}

function taskLines(intent: Intent, me: string, nowMs: number): string[] {
  const { principal_id, objective, scope, state, announced_at, expires_at, operations, operation_count = operations.length } = intent;
  const files = namedIn(scope);
  const written = [...new Set(operations.filter((one) => one.state === "COMMITTED").map(({ target }) => target))];
  return [
    `Task ${named(intent.intent_id)} of ${isOwn(me, principal_id) ? `you (${named(principal_id)})` : named(principal_id)}: ${quoted(objective)}`,
    `It is ${named(state)} ${since(announced_at, nowMs)}, ${until(expires_at, nowMs)}.`,
    `Files: ${listed(files, 10, Math.max(scope.resource_count ?? 0, files.length))}.`,
    written.length === 0
      ? "Nothing was written by submit_change."
      : `Written by submit_change: ${listed(written.toReversed(), 6)} (${operation_count === 1 ? "1 change" : `${operation_count} changes`} in all).`,
  ];
}

/** Nothing is seen of the files of somebody who has left. */
function treeLines(owner: ParticipantView | undefined): string[] {
  if (owner === undefined) return ["Its owner takes no part any more; nothing is known of its worktree."];
  const { worktree, branch, head, dirty_files = [], dirty_count = dirty_files.length } = owner;
  const where = `${worktree === undefined ? "an unknown worktree" : `worktree ${named(folderName(worktree))}`}${branch === undefined ? "" : `, branch ${named(branch)}`}${head === undefined ? "" : ` at ${named(head.slice(0, 12))}`}`;
  const dirty = dirty_count === 0 ? "no uncommitted files were seen" : `not committed: ${listed(dirty_files, 8, dirty_count)}`;
  return [`It is worked on in ${where}; ${dirty}.`];
}

function nextFor({ intent_id, principal_id, state, objective, scope }: Intent, me: string, to: string | undefined): Next[] {
  const note = { topic: "handoff", body: `${intent_id}: …` };
  const tell: Next[] = [
    { tool: "post_message", arguments: note, why: "leave the note where everybody reads it" },
    ...(to === undefined ? [] : [{ tool: "bus_send", arguments: { to, body: "…" }, why: "or as mail, where that is on" }]),
  ];
  if (state === "SUSPENDED" && !isOwn(me, principal_id))
    return [
      { tool: "take_over_task", arguments: { original_intent_id: intent_id, new_objective: "…" }, why: "its owner is away: take it" },
      ...tell,
    ];
  if (!isOwn(me, principal_id)) return [...tell, { why: `it is ${named(principal_id)}'s: only they can give it up` }];
  return [
    { why: "commit, or say what is not committed: the successor sees only what is in git" },
    ...tell,
    { tool: "yield_task", arguments: { intent_id, reason: "handed over" }, why: "once the note is written" },
    {
      tool: "begin_task",
      arguments: { objective: objective.slice(0, 80), ...asArguments(scope.resources ?? []) },
      why: "for the successor to call",
    },
  ];
}
