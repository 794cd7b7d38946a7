/**
 * A face that stands on the tools, resources and prompts there are: what is chosen, listed and answered is decided here once, for
 * the bridge and for `/mcp`. Resources and prompts come with the tools of their profile.
 *
 * The answers know nothing of the lists, because a bridge has those ready-made and loads the answers later.
 */
import type { Tool, ToolResult } from "../tools/tool.ts";
import { callTool } from "../tools/call-tool.ts";
import { instructionsFor } from "../tools/instructions.ts";
import type { ToolContext } from "../tools/ports.ts";
import { completePrompt, fillPrompt, promptDefinitions, PROMPTS } from "../tools/prompts.ts";
import { REGISTRY } from "../tools/registry.ts";
import type { Resource } from "../tools/resource.ts";
import { completeResource, readResource, resourceDefinitions, RESOURCES } from "../tools/resources.ts";
import { resourceAt } from "../tools/resources/uri.ts";
import { type Profile, select, type Selection } from "../tools/selection.ts";
import { type ToolDefinition, toolDefinitions } from "../tools/tool-definitions.ts";
import type { Asked, AskedToCall, Face, Unavailable } from "./face.ts";

/** Prompts are filled from what the tools of this profile show. */
export const PROFILE_OF_PROMPTS: Profile = "core";

/** What somebody wants to do: for whoever decides where that is done, and whether they may. */
export interface Errand {
  readonly asked: Asked;
  /** Missing where a resource is read, a prompt filled or a value completed. */
  readonly tool?: Tool | undefined;
  readonly args?: unknown;
}

export interface AnswersOptions {
  /** The tools that are switched on. */
  readonly tools: readonly Tool[];
  /** What the tools are given; or what the caller is told instead, in the form of every error result. */
  readonly contextFor: (errand: Errand) => Promise<ToolContext | { readonly refused: ToolResult }>;
}

export type Answers = Pick<Face, "call" | "read" | "prompt" | "complete"> & Required<Pick<Face, "knows">>;

/** Faults whose message is a sentence for the reader. */
const FOR_READERS = ["SidecarUnavailable", "OutcomeUnknown", "QueryRefused", "PeersUnavailable", "WriteFailed"];

export function answersOfTools({ tools, contextFor }: AnswersOptions): Answers {
  const profiles = new Set(tools.map(({ profile }) => profile));
  const resources = RESOURCES.filter(({ profile }) => profiles.has(profile));
  const prompts = profiles.has(PROFILE_OF_PROMPTS) ? PROMPTS : [];

  /** What `work` finds where things stand, or why nothing is found. */
  async function live<Found>(asked: Asked, work: (context: ToolContext) => Promise<Found>): Promise<Found | Unavailable> {
    try {
      const context = await contextFor({ asked });
      if ("refused" in context) return { unavailable: context.refused.text };
      return await work({ ...context, signal: asked.signal });
    } catch (cause) {
      if (!(cause instanceof Error) || !FOR_READERS.includes(cause.name)) throw cause;
      return { unavailable: cause.message };
    }
  }

  return {
    async call(name, args, asked) {
      const context = await contextFor({ asked, tool: tools.find((tool) => tool.name === name), args });
      if ("refused" in context) return { outcome: "result", result: context.refused };
      return callTool(tools, askedFor(context, asked), name, args);
    },
    knows: (uri) => Promise.resolve(resourceAt(resources, uri) !== undefined),
    read: (uri, asked) =>
      resourceAt(resources, uri) === undefined
        ? Promise.resolve(undefined)
        : live(asked, (context) => readResource(resources, context, uri)),
    prompt: (name, args, asked) => live(asked, (context) => fillPrompt(prompts, context, name, args)),
    async complete({ kind, name }, place, begun, asked) {
      const values = await live(asked, (context) =>
        kind === "prompt" ? completePrompt(prompts, context, name, place, begun) : completeResource(resources, context, name, place, begun),
      );
      return "unavailable" in values ? [] : values; // somebody types, and may go on without
    },
  };
}

/**
 * What the tools are given that is of one call. The signal is looked up when somebody looks at it: most calls are over before
 * anybody does. A class, because an accessor that stands in a literal is made for each object in the old part of the heap, and
 * holds the call there.
 */
class OfCall {
  readonly person: ToolContext["person"];
  readonly progress: ToolContext["progress"];
  readonly #asked: AskedToCall;

  constructor(asked: AskedToCall) {
    this.person = asked.person;
    this.progress = asked.progress;
    this.#asked = asked;
  }

  get signal(): AbortSignal {
    return this.#asked.signal;
  }

  get isOver(): boolean {
    return this.#asked.isOver ?? this.#asked.signal.aborted;
  }
}

function askedFor(context: ToolContext, asked: AskedToCall): ToolContext {
  return Object.assign(new OfCall(asked), context);
}

export interface FaceOfToolsOptions extends Omit<AnswersOptions, "tools"> {
  readonly version: string;
  readonly selection: Selection;
  readonly onHost?: Face["onHost"];
}

/** Holds nothing of any request, so that one serves all who chose the same; or the sentence about a name that there is not. */
export function faceOfTools({ version, selection, contextFor, onHost }: FaceOfToolsOptions): Face | { readonly refused: string } {
  const selected = select(REGISTRY, selection);
  if ("refused" in selected) return selected;
  const { tools } = selected;
  const profiles = new Set(tools.map(({ profile }) => profile));
  const names = new Set(tools.map(({ name }) => name));
  return {
    version,
    instructions: instructionsFor(profiles),
    lists: {
      tools: definitions().filter(({ name }) => names.has(name)),
      resources: resourceDefinitions(RESOURCES.filter(({ profile }: Resource) => profiles.has(profile))),
      prompts: profiles.has(PROFILE_OF_PROMPTS) ? promptDefinitions(PROMPTS) : [],
    },
    ...(onHost === undefined ? {} : { onHost }),
    ...answersOfTools({ tools, contextFor }),
  };
}

let rendered: readonly ToolDefinition[] | undefined;

/** The same for every selection, and made when somebody asks first: a bridge never does. */
function definitions(): readonly ToolDefinition[] {
  return (rendered ??= toolDefinitions(REGISTRY));
}
