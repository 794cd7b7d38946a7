/**
 * What a tool is: its name, its schemas, its annotations, and the function that answers a call. No SDK is known here;
 * the stdio bridge and the HTTP face mount the same tools.
 */
import * as z from "zod";
import type { Question } from "./asking.ts";
import type { ToolContext } from "./ports.ts";
import type { Settle } from "./ports/settle.ts";
import type { Profile } from "./selection.ts";

/** What a host may assume before it asks its user. All four are always said. */
export interface Annotations {
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  /** No tool here reaches beyond the session and the worktree. */
  readonly openWorldHint: false;
}

/** A call that makes sense after this one, or, without `tool`, something to do elsewhere. */
export interface Next {
  readonly tool?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** A few words: when, or what for. */
  readonly why: string;
}

/** What a handler says. `callTool` adds where it happened and what else there is to tell. */
export interface Answer {
  readonly structured: Readonly<Record<string, unknown>>;
  /** Sentences that stand alone: a host may show its model nothing else. */
  readonly lines: readonly string[];
  readonly next?: readonly Next[];
  /** A file's own text. It comes last, so that nothing in it can pass for a sentence of ours. */
  readonly attachment?: string;
  readonly isError?: true;
  /** To be told whether the result reached the caller. */
  readonly settle?: Settle;
  /** Asks the person at the host instead: the tool is called again with the reply. What stands beside it is for nobody. */
  readonly asks?: Question;
}

/** What a caller gets. `structured` conforms to the tool's rendered output schema, also when it is an error. */
export interface ToolResult {
  readonly structured: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly isError?: true;
  /** Told by the face once the result has left, or that nobody takes it any more. */
  readonly settle?: Settle;
  readonly asks?: Question;
}

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Strict: an argument that is not in it is refused. */
  readonly input: z.ZodObject;
  /** Loose, because results grow. What it requires is there in every result that is no error. */
  readonly output: z.ZodObject;
  readonly annotations: Annotations;
  readonly profile: Profile;
  /** `args` have passed `input`. */
  readonly handler: (ctx: ToolContext, args: Readonly<Record<string, unknown>>) => Promise<Answer>;
}

type ArgumentsOf<Input extends z.ZodRawShape> = z.infer<z.ZodObject<Input & typeof EVERY_INPUT, z.core.$strict>>;

interface Definition<Input extends z.ZodRawShape, Output extends z.ZodRawShape> extends Omit<
  Tool,
  "input" | "output" | "annotations" | "handler"
> {
  readonly input: Input;
  readonly output: Output;
  readonly annotations: Omit<Annotations, "openWorldHint">;
  readonly handler: (ctx: ToolContext, args: ArgumentsOf<Input>) => Promise<Answer>;
}

const EVERY_INPUT = {
  repo_path: z.string().min(1).max(4096).optional().describe("Another repository's folder."),
};

/** The members of every result. */
const EVERY_OUTPUT = {
  workspace_dir: z.string(),
  session_id: z.string(),
};

/** Puts the common members into both schemas. */
export function defineTool<Input extends z.ZodRawShape, Output extends z.ZodRawShape>(definition: Definition<Input, Output>): Tool {
  const { input, output, annotations, handler, ...rest } = definition;
  return {
    ...rest,
    input: z.strictObject({ ...input, ...EVERY_INPUT }).check(refuseHalves),
    output: z.looseObject({ ...output, ...EVERY_OUTPUT }),
    annotations: { ...annotations, openWorldHint: false },
    handler: (ctx, args) => handler(ctx, args as ArgumentsOf<Input>),
  };
}

/** Half a character is text that is stored nowhere, and part of no address. */
function refuseHalves({ value, issues }: z.core.ParsePayload<Readonly<Record<string, unknown>>>): void {
  for (const [name, argument] of Object.entries(value)) {
    if (!isWhole(argument)) issues.push({ code: "custom", path: [name], message: "it is not valid Unicode", input: argument });
  }
}

/** Without a call for each level: of a message of a peer there may be as many as a text of JSON has. */
function isWhole(argument: unknown): boolean {
  const left = [argument];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === "string") {
      if (!value.isWellFormed()) return false;
    } else if (typeof value === "object" && value !== null) for (const [name, part] of Object.entries(value)) left.push(name, part);
  }
  return true;
}

/** A list of things whose members are described in the text and by their names. */
export const things = () => z.array(z.looseObject({}));
