/**
 * What a server of ours says and does, before any SDK: the stdio bridge and `/mcp` each fill this in, and `make-server.ts` makes
 * an MCP server of it that speaks both eras of the protocol.
 */
import type { Progress, Question, Reply } from "../tools/asking.ts";
import type { Settle } from "../tools/ports/settle.ts";
import type { PromptDefinition } from "../tools/prompt.ts";
import type { ResourceContent, ResourceDefinition } from "../tools/resource.ts";
import type { ToolDefinition } from "../tools/tool-definitions.ts";

/** One request, as far as whoever answers it may want to know. */
export interface Asked {
  /** Aborted when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  /** The same for whoever only looks, where the signal is made when somebody wants it. */
  readonly isOver?: boolean;
  /** As the client calls itself, when it said so: with this request in 2026-07-28, when it initialized before that. */
  readonly clientName: string | undefined;
  readonly era: "legacy" | "modern";
  /** What the transport knows of whoever sent this very request; nothing over stdio. */
  readonly visit: unknown;
}

export interface AskedToCall extends Asked {
  readonly person: { readonly canBeAsked: boolean; readonly reply?: Reply | undefined };
  readonly progress: ((progress: Progress) => void) | undefined;
}

/** As the tools answer. */
export type Called =
  | {
      readonly outcome: "result";
      readonly result: {
        readonly structured: Readonly<Record<string, unknown>>;
        readonly text: string;
        readonly isError?: true;
        /** To be told whether the result reached the host. */
        readonly settle?: Settle;
        /** The call ends with this question instead, and comes again with the reply. */
        readonly asks?: Question;
      };
    }
  | { readonly outcome: "unknown-tool"; readonly message: string };

/** What a list shows, `uri` with `{…}` in it being a template. */
export interface Lists {
  readonly tools: readonly ToolDefinition[];
  readonly resources: readonly ResourceDefinition[];
  readonly prompts: readonly PromptDefinition[];
}

/** Nothing is wrong with what was asked, and it cannot be had now: a sentence that says what to do. */
export interface Unavailable {
  readonly unavailable: string;
}

export interface Face {
  readonly version: string;
  readonly instructions: string;
  readonly lists: Lists;
  /** The host has said its name, in whichever way its era does. */
  readonly onHost?: (clientName: string) => void;
  call(name: string, args: unknown, asked: AskedToCall): Promise<Called>;
  /** Whether a resource of this address may be followed; without it, each may. */
  knows?(uri: string, asked: Asked): Promise<boolean>;
  /** Undefined: there is no such resource. */
  read(uri: string, asked: Asked): Promise<readonly ResourceContent[] | Unavailable | undefined>;
  prompt(
    name: string,
    args: Readonly<Record<string, string>>,
    asked: Asked,
  ): Promise<{ readonly text: string } | { readonly refused: string } | Unavailable>;
  /** What is completed is a template's place or a prompt's argument. */
  complete(
    what: { readonly kind: "resource" | "prompt"; readonly name: string },
    place: string,
    begun: string,
    asked: Asked,
  ): Promise<readonly string[]>;
}
