/** What the person at the host is asked before suspended work of somebody else is claimed, and what of it is then claimed. */
import type { Question, Reply } from "./asking.ts";
import { namedIn } from "./named-in.ts";
import type { KnownIntent } from "./own-intent.ts";
import type { ToolContext } from "./ports.ts";
import type { Files } from "./ports/files.ts";
import { listed, named, quoted } from "./quote.ts";
import { type Asked, changedMeanwhile, choiceField, type Choices, chosenIn, textIn, undecided } from "./replies.ts";
import { MAX_FILES, readScope } from "./scope-input.ts";
import type { Answer } from "./tool.ts";

export type TakeOverChoice = "take" | "take_part" | "hand_over" | "wait";

/** Longest list of files that a person writes, in UTF-16 units. */
const MAX_LIST = 8_000;

export interface Wanted {
  readonly original: KnownIntent;
  /** What the call asks for; nothing where it asks for all. */
  readonly files: readonly string[] | undefined;
}

/** @param objective - what the caller means to do with it */
export function takeOverQuestion(ctx: Pick<ToolContext, "hash">, { original, files }: Wanted, objective: string): Question {
  const owner = named(original.principal_id);
  const held = listed(namedIn(original.scope));
  const message = [
    `The agent wants to take over a task of ${owner}, who is away: ${quoted(original.objective)} over ${held} (${named(original.intent_id)}).`,
    `It asks for ${files === undefined ? "all of it" : listed(files)}, for this: ${quoted(objective, 400)}`,
    `If ${owner} comes back first, it stays theirs. What should happen?`,
  ].join("\n");
  return {
    message,
    fields: {
      choice: choiceField("Take it over?", choicesOf(original)),
      files: {
        type: "string",
        title: "Which files, for a part",
        description: "One a line, or with commas between; nothing: what the agent asks for.",
        maxLength: MAX_LIST,
      },
    },
    required: ["choice"],
    state: { stamp: stampOf(ctx, original) },
  };
}

const choicesOf = ({ principal_id }: KnownIntent): Choices<TakeOverChoice> => ({
  take: "Take it over, as the agent asks",
  take_part: "Take over only the files that I name",
  hand_over: "Leave it for somebody else to take over",
  wait: `Wait for ${named(principal_id)} to come back`,
});

const stampOf = ({ hash }: Pick<ToolContext, "hash">, { intent_id, state, fence, claimed_by, scope }: KnownIntent): string =>
  hash(JSON.stringify([intent_id, state, fence, claimed_by, scope]));

/** The files to claim as the person said, `undefined` for all; else the answer of a call that claims nothing. */
export async function decidedBy(
  ctx: { readonly hash: ToolContext["hash"]; readonly files: Files },
  reply: Reply,
  { original, files }: { readonly original: KnownIntent | null; readonly files: Wanted["files"] },
  asked: Asked,
): Promise<{ readonly files: readonly string[] | undefined } | { readonly answer: Answer }> {
  const undone = undecided(reply, asked);
  if (undone !== undefined) return { answer: undone };
  if (original === null || stampOf(ctx, original) !== reply.state?.["stamp"]) return { answer: changedMeanwhile(asked) };
  const chosen = chosenIn(reply, choicesOf(original), asked);
  if ("answer" in chosen) return chosen;
  switch (chosen.choice) {
    case "take":
      return { files };
    case "take_part": {
      const written = textIn(reply, "files", MAX_LIST)
        .split(/[\n,]/)
        .map((path) => path.trim())
        .filter((path) => path !== "");
      if (written.length === 0) return { files };
      const scope = await readScope(ctx.files, written.slice(0, MAX_FILES));
      return "answer" in scope ? scope : { files: scope.paths };
    }
    case "hand_over":
      return { answer: left(original, asked, `it is left for somebody else`, "post_message") };
    case "wait":
      return { answer: left(original, asked, `it stays with ${named(original.principal_id)}`, undefined) };
  }
}

function left({ intent_id }: KnownIntent, { structured, subject }: Asked, what: string, tool: "post_message" | undefined): Answer {
  const message = `the person decided about ${subject}: ${what}; nothing was claimed`;
  const tell = tool === undefined ? [] : [{ tool, arguments: { topic: intent_id }, why: "tell the others that it may be taken over" }];
  return {
    structured: { ...structured, status: "declined", message },
    lines: [`declined: ${message}. Do not edit its files.`],
    next: [
      ...tell,
      { tool: "begin_task", why: "for other files" },
      { tool: "who_is_working", arguments: {}, why: "later, to see what became of it" },
    ],
  };
}
