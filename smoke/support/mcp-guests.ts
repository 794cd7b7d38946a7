/**
 * The clients that are held against the server, each behind the same few words: two SDKs, the Inspector's command line, and
 * JSON-RPC by hand.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Client, type ClientOptions, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as OldStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { findGuest } from "./guest-programs.ts";
import type { Members } from "./mpac-client.ts";
import { connectRaw, credentialOf, type Era, type Place } from "./mcp-raw.ts";
import { PROJECT } from "./program.ts";

export interface Guest extends AsyncDisposable {
  /** The names of the tools. */
  tools(): Promise<string[]>;
  call(tool: string, args: Members): Promise<Members>;
  /** The text of a resource. */
  read(uri: string): Promise<string>;
  /** The text of a prompt's first message. */
  prompt(name: string, args: Readonly<Record<string, string>>): Promise<string>;
}

/** The person at the client: fills in the form that a tool shows. */
export type Person = (message: string) => Readonly<Record<string, string>>;

/** @param person - where the client can ask one */
export type Connect = (place: Place, era: Era, person?: Person) => Promise<Guest>;

const run = promisify(execFile);

const WHO = { version: "1.0.0" };

interface Answers {
  readonly tools: { readonly tools: readonly { readonly name: string }[] };
  readonly call: { readonly structuredContent?: unknown; readonly content?: unknown; readonly isError?: unknown };
  readonly read: { readonly contents: readonly unknown[] };
  readonly prompt: { readonly messages: readonly { readonly content: unknown }[] };
}

/** What one client must be able to do, in its own words. */
interface Verbs {
  readonly tools: () => Promise<Answers["tools"]>;
  readonly call: (tool: string, args: Members) => Promise<Answers["call"]>;
  readonly read: (uri: string) => Promise<Answers["read"]>;
  readonly prompt: (name: string, args: Readonly<Record<string, string>>) => Promise<Answers["prompt"]>;
  readonly close: () => Promise<void>;
}

function guest({ tools, call, read, prompt, close }: Verbs): Guest {
  return {
    tools: async () => (await tools()).tools.map(({ name }) => name),
    async call(tool, args) {
      const { structuredContent, content, isError } = await call(tool, args);
      if (isError === true || structuredContent === undefined) throw new Error(`${tool} answered ${JSON.stringify(content)}`);
      return structuredContent as Members;
    },
    read: async (uri) => textOf((await read(uri)).contents[0]),
    prompt: async (name, args) => textOf((await prompt(name, args)).messages[0]?.content),
    [Symbol.asyncDispose]: close,
  };
}

function textOf(part: unknown): string {
  const text = (part as { readonly text?: unknown } | undefined)?.text;
  if (typeof text !== "string") throw new Error(`no text in ${JSON.stringify(part)}`);
  return text;
}

const capabilitiesFor = (person: Person | undefined) => (person === undefined ? {} : { elicitation: { form: {} } });
const definedIn = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
const started = ({ args, cwd, env }: Extract<Place, { over: "stdio" }>) => ({
  command: process.execPath,
  args: [...args],
  cwd,
  env: definedIn(env),
  stderr: "ignore" as const,
});

/** The maintenance line of the SDK, which speaks nothing newer than 2025-11-25. */
export async function connectOld(place: Place, person?: Person): Promise<{ readonly client: OldClient; readonly guest: Guest }> {
  const client = new OldClient({ name: "old-sdk", ...WHO }, { capabilities: capabilitiesFor(person) });
  if (person !== undefined)
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({ action: "accept", content: { ...person(params.message) } }));
  const transport =
    place.over === "stdio"
      ? new OldStdio(started(place))
      : new OldHttp(new URL(place.url), { requestInit: { headers: credentialOf(place) } });
  await client.connect(transport as Parameters<OldClient["connect"]>[0]);
  const verbs: Verbs = {
    tools: () => client.listTools(),
    call: async (name, args) => (await client.callTool({ name, arguments: { ...args } })) as Answers["call"],
    read: (uri) => client.readResource({ uri }),
    prompt: (name, args) => client.getPrompt({ name, arguments: { ...args } }),
    close: () => client.close(),
  };
  return { client, guest: guest(verbs) };
}

const byOldSdk: Connect = async (place, _era, person) => (await connectOld(place, person)).guest;

const bySdk: Connect = async (place, era, person) => {
  const mode: NonNullable<ClientOptions["versionNegotiation"]>["mode"] = era === "2026-07-28" ? { pin: era } : "legacy";
  const client = new Client({ name: "sdk", ...WHO }, { versionNegotiation: { mode }, capabilities: capabilitiesFor(person) });
  if (person !== undefined)
    client.setRequestHandler("elicitation/create", ({ params }) => ({ action: "accept", content: { ...person(params.message) } }));
  await client.connect(
    place.over === "stdio"
      ? new StdioClientTransport(started(place))
      : new StreamableHTTPClientTransport(new URL(place.url), { requestInit: { headers: credentialOf(place) } }),
  );
  const spoken = client.getNegotiatedProtocolVersion();
  if (spoken !== era) throw new Error(`it speaks ${String(spoken)}`);
  return guest({
    tools: () => client.listTools(),
    call: (name, args) => client.callTool({ name, arguments: { ...args } }),
    read: (uri) => client.readResource({ uri }),
    prompt: (name, args) => client.getPrompt({ name, arguments: { ...args } }),
    close: () => client.close(),
  });
};

/** A process for each word, so a bridge is started for each as well. */
const byInspector =
  (inspector: string): Connect =>
  (place, era) => {
    const where =
      place.over === "stdio"
        ? [process.execPath, ...place.args]
        : ["--transport", "http", "--server-url", place.url, "--header", `Authorization: Bearer ${place.token}`];
    const wire = ["--protocol-era", era === "2026-07-28" ? "modern" : "legacy"];
    const pairs = (flag: string, values: Members): string[] =>
      Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${written(value)}`]);
    const written = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
    async function ask<Answer>(method: string, ...more: readonly string[]): Promise<Answer> {
      const { cwd, env } = place.over === "stdio" ? place : { cwd: PROJECT, env: process.env };
      const { stdout } = await run(process.execPath, [inspector, ...where, ...wire, "--method", method, ...more], { cwd, env });
      return JSON.parse(stdout) as Answer;
    }
    return Promise.resolve(
      guest({
        // fails for a schema that some hosts cannot read
        tools: () => ask("tools/list", "--strict"),
        call: (tool, args) => ask("tools/call", "--tool-name", tool, ...pairs("--tool-arg", args)),
        read: (uri) => ask("resources/read", "--uri", uri),
        prompt: (name, args) => ask("prompts/get", "--prompt-name", name, ...pairs("--prompt-args", args)),
        close: () => Promise.resolve(),
      }),
    );
  };

const byHand: Connect = async (place, era) => {
  const client = await connectRaw(place, era);
  const ask = async <Answer>(method: string, params: Members): Promise<Answer> => {
    const { result, error } = await client.ask(method, params);
    if (result === undefined) throw new Error(`${method}: ${error?.message ?? "no result"}`);
    return result as unknown as Answer;
  };
  return guest({
    tools: () => ask("tools/list", {}),
    call: (name, args) => ask("tools/call", { name, arguments: args }),
    read: (uri) => ask("resources/read", { uri }),
    prompt: (name, args) => ask("prompts/get", { name, arguments: args }),
    close: async () => client[Symbol.asyncDispose](),
  });
};

export interface GuestKind {
  readonly name: string;
  readonly eras: readonly Era[];
  readonly connect: Connect;
  /** Whether it passes a tool's questions on. */
  readonly asksPeople: boolean;
}

const inspector = findGuest("inspector");
if ("why" in inspector) process.stderr.write(`left out: ${inspector.why}\n`);

/** The clients that are here, and the eras that each speaks. */
export const GUESTS: readonly GuestKind[] = [
  { name: "the SDK of 2025", eras: ["2025-11-25"], connect: byOldSdk, asksPeople: true },
  { name: "the SDK of 2026", eras: ["2025-11-25", "2026-07-28"], connect: bySdk, asksPeople: true },
  ...("path" in inspector
    ? [{ name: "the Inspector", eras: ["2025-11-25", "2026-07-28"], connect: byInspector(inspector.path), asksPeople: false } as const]
    : []),
  { name: "JSON-RPC by hand", eras: ["2025-11-25", "2026-07-28"], connect: byHand, asksPeople: false },
];
