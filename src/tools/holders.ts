/** Who holds what: the intents of others that an announcement met, and how a sentence says so. */
import * as z from "zod";
import { ScopeView } from "../wire/query/views.ts";
import type { Rejection } from "../wire/refusals.ts";
import { listed, named, quoted } from "./quote.ts";
import { isOwn } from "./resources/whose.ts";
import { since, until } from "./times.ts";
import type { Next } from "./tool.ts";

export interface Holder {
  readonly intent_id: string;
  readonly principal_id: string;
  readonly objective: string;
  readonly state: string;
  readonly scope: z.infer<typeof ScopeView>;
  /** Which of the asked paths it meets. */
  readonly paths: readonly string[];
  /** How many there are, when `paths` is cut. */
  readonly path_count?: number | undefined;
  /** RFC 3339. */
  readonly announced_at: string;
  readonly expires_at: string;
  readonly renews?: boolean | undefined;
  /** Whether it waits itself for what the asking one holds. */
  readonly waits_for_you?: boolean | undefined;
  readonly branch?: string;
  readonly worktree?: string;
}

/** A refusal names instants in milliseconds, as the rules know them; a view names them as text. */
const Instant = z.union([z.string(), z.number().transform((atMs) => new Date(atMs).toISOString())]);

const Detail = z.looseObject({
  intent_id: z.string(),
  principal_id: z.string(),
  objective: z.string().default(""),
  state: z.string().default("ACTIVE"),
  scope: ScopeView.optional(),
  resources: z.array(z.string()).default([]),
  resource_count: z.int().optional(),
  paths: z.array(z.string()).default([]),
  path_count: z.int().optional(),
  announced_at: z.string().optional(),
  announced_at_ms: Instant.optional(),
  expires_at: z.string().optional(),
  expires_at_ms: Instant.optional(),
  renews: z.boolean().optional(),
  waits_for_you: z.boolean().optional(),
  branch: z.string().optional(),
  worktree: z.string().optional(),
});

/** What a refusal `intent/held` says beside its sentence. Its lists may be cut; the counts are whole. */
const Details = z.looseObject({
  overlaps: z.array(z.unknown()).default([]),
  total: z.int().optional(),
  /** What of the asked scope nobody holds, as the session names it. */
  free: z.array(z.string()).default([]),
  free_count: z.int().optional(),
});

export interface Held {
  /** One that cannot be read is left out. */
  readonly holders: readonly Holder[];
  readonly holderCount: number;
  /** What nobody holds of what was asked. It is never worked out here: the list of what is held may be cut, and which spellings are one file only the session knows. */
  readonly free: readonly string[];
  readonly freeCount: number;
}

/** Who holds the files of a refused announcement, and what of them is free. */
export function heldIn({ details }: Rejection): Held {
  const read = Details.safeParse(details ?? {});
  if (!read.success) return { holders: [], holderCount: 0, free: [], freeCount: 0 };
  const { overlaps, free } = read.data;
  const holders = overlaps.flatMap(holderIn);
  return { holders, holderCount: read.data.total ?? holders.length, free, freeCount: read.data.free_count ?? free.length };
}

function holderIn(overlap: unknown): Holder[] {
  const parsed = Detail.safeParse(overlap);
  if (!parsed.success) return [];
  const { resources, resource_count, scope, path_count, branch, worktree, ...rest } = parsed.data;
  const cut = resource_count === undefined ? {} : { resource_count };
  return [
    {
      intent_id: rest.intent_id,
      principal_id: rest.principal_id,
      objective: rest.objective,
      state: rest.state,
      scope: scope ?? { kind: "file_set", resources, ...cut },
      paths: rest.paths,
      ...(path_count === undefined ? {} : { path_count }),
      announced_at: rest.announced_at ?? rest.announced_at_ms ?? "",
      expires_at: rest.expires_at ?? rest.expires_at_ms ?? "",
      ...(rest.renews === true ? { renews: true } : {}),
      ...(rest.waits_for_you === true ? { waits_for_you: true } : {}),
      ...(branch === undefined ? {} : { branch }),
      ...(worktree === undefined ? {} : { worktree }),
    },
  ];
}

/** `bo holds src/a.ts since 14:03Z (for 4 min) until 15:03Z (56 min left): "objective" (intent-2, branch main)` */
export function holding(holder: Holder, nowMs: number): string {
  const place = holder.branch === undefined ? "" : `, branch ${named(holder.branch)}`;
  const away = holder.state === "SUSPENDED" ? ", whose client is away," : "";
  const { resources = [], resource_count } = holder.scope;
  // A place in a queue names its holders by what they meet alone.
  const isNamed = resources.length === 0 || holder.paths.every((path) => resources.includes(path));
  const met = listed(holder.paths, 5, holder.path_count);
  const what = isNamed ? ` ${met}` : ` ${listed(resources, 5, resource_count)}, which meets your ${met},`;
  const renewed = holder.renews === true ? ", renewed while it is worked on" : "";
  const mutual = holder.waits_for_you === true ? " while it waits for a task of yours" : "";
  const when = `${since(holder.announced_at, nowMs)} ${until(holder.expires_at, nowMs)}${renewed}${mutual}`;
  return `${named(holder.principal_id)}${away} holds${what} ${when}: ${quoted(holder.objective)} (${named(holder.intent_id)}${place})`;
}

/** Principals, each once, for a sentence. */
export function whose(holders: readonly { readonly principal_id: string }[]): string {
  return listed([...new Set(holders.map((holder) => holder.principal_id))], 3);
}

/** The call that frees what a sub-agent of the caller's has left behind: it is nobody else's to give up. */
export function yieldOfAgent(me: string, holders: readonly Pick<Holder, "intent_id" | "principal_id">[]): Next[] {
  const held = holders.find(({ principal_id }) => principal_id !== me && isOwn(me, principal_id));
  if (held === undefined) return [];
  const why = `if ${named(held.principal_id)}, a sub-agent of yours, is done with it`;
  return [{ tool: "yield_task", arguments: { intent_id: held.intent_id }, why }];
}
