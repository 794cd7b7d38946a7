/**
 * What a tool asks the person at the host, and what comes back.
 *
 * A tool asks by answering: it ends with a question, and is called again with the same arguments and the reply. So nothing is
 * kept of a call that waits for a person, in either era of the protocol.
 */
import type { JsonObject } from "../wire/json.ts";

export interface Question {
  /** A few sentences that stand alone: the person has read nothing else. */
  readonly message: string;
  /** The form: members that are no objects, each with a title and a description, as elicitation has them. */
  readonly fields: Readonly<Record<string, Field>>;
  readonly required: readonly string[];
  /** What the tool wants to know again with the reply. The face seals it, lets it in once, and shows it to nobody. */
  readonly state?: JsonObject;
}

export type Field =
  | { readonly type: "string"; readonly title: string; readonly description?: string; readonly maxLength?: number }
  /** One of several, each with the words that the person sees. */
  | {
      readonly type: "string";
      readonly title: string;
      readonly description?: string;
      readonly oneOf: readonly { readonly const: string; readonly title: string }[];
    };

/** The person's word. `content` is as the client sent it: for the tool to check. */
export type Reply =
  | { readonly action: "accept"; readonly content: Readonly<Record<string, unknown>>; readonly state: JsonObject | undefined }
  | { readonly action: "decline" | "cancel"; readonly state: JsonObject | undefined };

/** The person at the host, as far as a tool reaches one. */
export interface Person {
  /** Whether the host passes questions on; a tool has a plain way where it does not. */
  readonly canBeAsked: boolean;
  /** Of the second call: what the person said. */
  readonly reply?: Reply | undefined;
}

/** How far a call has come that takes its time; goes nowhere where the caller did not ask to be told. */
export interface Progress {
  /** Grows with each report. */
  readonly done: number;
  readonly total?: number;
  readonly message: string;
}
