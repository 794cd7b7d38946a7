/** What a person's reply is good for: one of the choices that were offered, or a reason why nothing was done. */
import type { Field, Reply } from "./asking.ts";
import { failed } from "./failure.ts";
import { plain } from "./quote.ts";
import type { Answer, Next } from "./tool.ts";

/** Most characters of what a person adds in words. */
const MAX_NOTE = 500;

/** How a question's result says that nothing came of it. */
export const UNDONE = ["declined", "cancelled", "changed"] as const;

export type Choices<Choice extends string> = Readonly<Partial<Record<Choice, string>>>;

/** @param choices - each with the words that the person sees */
export function choiceField<Choice extends string>(title: string, choices: Choices<Choice>): Field {
  const oneOf = Object.entries<string | undefined>(choices).flatMap(([name, words]) =>
    words === undefined ? [] : [{ const: name, title: words }],
  );
  return { type: "string", title, oneOf };
}

export const noteField = (): Field => ({
  type: "string",
  title: "Anything to add?",
  description: "The others read it with the decision.",
  maxLength: MAX_NOTE,
});

export interface Asked {
  readonly tool: string;
  /** What it was about, in a few words. */
  readonly subject: string;
  /** Members of every answer. */
  readonly structured: Readonly<Record<string, unknown>>;
}

const againAfter = (tool: string): Next[] => [
  { why: "tell the user what waits for a decision" },
  { tool, why: "again, when the user wants to be asked" },
];

/** The answer where the person decided nothing. */
export function undecided({ action }: Reply, { tool, subject, structured }: Asked): Answer | undefined {
  if (action === "accept") return undefined;
  const [status, how] = action === "decline" ? ["declined", "does not want to decide"] : ["cancelled", "closed the question about"];
  const message = `the person ${how} ${subject}; nothing was done`;
  return { structured: { ...structured, status, message }, lines: [`${status}: ${message}.`], next: againAfter(tool) };
}

/** What was chosen of what was offered; else the answer of a call that does nothing. */
export function chosenIn<Choice extends string>(
  reply: Reply,
  choices: Choices<Choice>,
  { tool, structured }: Asked,
): { readonly choice: Choice } | { readonly answer: Answer } {
  const choice = reply.action === "accept" ? reply.content["choice"] : undefined;
  if (typeof choice === "string" && Object.hasOwn(choices, choice)) return { choice: choice as Choice };
  const message = "the answer is none of the choices that were offered; nothing was done";
  return { answer: failed({ code: "INVALID_ANSWER", message, recoverable: true, next: againAfter(tool) }, structured) };
}

/** What the person added, as far as it can be shown. */
export function textIn(reply: Reply, name: string, most = MAX_NOTE): string {
  const text = reply.action === "accept" ? reply.content[name] : undefined;
  return typeof text === "string" ? plain(text, most).trim() : "";
}

/** What was asked about is not what it was: the person decided something else. */
export function changedMeanwhile({ tool, subject, structured }: Asked): Answer {
  const message = `${subject} has changed since the person was asked; nothing was done`;
  return {
    structured: { ...structured, status: "changed", message },
    lines: [`changed: ${message}.`],
    next: [
      { tool: "who_is_working", arguments: {}, why: "see what stands now" },
      { tool, why: "again, if it is still needed" },
    ],
  };
}
