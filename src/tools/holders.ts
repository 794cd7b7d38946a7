/** Who holds what: the intents of others that an announcement met, and how a sentence says so. */
import * as z from "zod";
import { ScopeView } from "../wire/query.ts";
import type { Rejection } from "../wire/refusals.ts";
import { listed, named, quoted } from "./quote.ts";
import { since, until } from "./times.ts";

export interface Holder {
  readonly intent_id: string;
  readonly principal_id: string;
  readonly objective: string;
  readonly state: string;
  readonly scope: z.infer<typeof ScopeView>;
  /** Which of the asked paths it meets. */
  readonly paths: readonly string[];
  /** RFC 3339. */
  readonly announced_at: string;
  readonly expires_at: string;
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
  paths: z.array(z.string()).default([]),
  announced_at: z.string().optional(),
  announced_at_ms: Instant.optional(),
  expires_at: z.string().optional(),
  expires_at_ms: Instant.optional(),
  branch: z.string().optional(),
  worktree: z.string().optional(),
});

/** The holders that a refusal `intent/held` names. One that cannot be read is left out. */
export function holdersIn({ details }: Rejection): Holder[] {
  const overlaps = details?.["overlaps"];
  if (!Array.isArray(overlaps)) return [];
  return overlaps.flatMap((overlap) => {
    const parsed = Detail.safeParse(overlap);
    if (!parsed.success) return [];
    const { resources, scope, announced_at, announced_at_ms, expires_at, expires_at_ms, branch, worktree, ...rest } = parsed.data;
    return {
      intent_id: rest.intent_id,
      principal_id: rest.principal_id,
      objective: rest.objective,
      state: rest.state,
      scope: scope ?? { kind: "file_set", resources },
      paths: rest.paths,
      announced_at: announced_at ?? announced_at_ms ?? "",
      expires_at: expires_at ?? expires_at_ms ?? "",
      ...(branch === undefined ? {} : { branch }),
      ...(worktree === undefined ? {} : { worktree }),
    };
  });
}

/** `bo holds src/a.ts since 14:03Z (for 4 min) until 15:03Z (56 min left): "objective" (intent-2, branch main)` */
export function holding(holder: Holder, nowMs: number): string {
  const place = holder.branch === undefined ? "" : `, branch ${named(holder.branch)}`;
  const away = holder.state === "SUSPENDED" ? ", whose client is away," : "";
  const resources = holder.scope.resources ?? [];
  const isNamed = holder.paths.every((path) => resources.includes(path));
  const what = isNamed ? ` ${listed(holder.paths)}` : ` ${listed(resources)}, which meets your ${listed(holder.paths)},`;
  const when = `${since(holder.announced_at, nowMs)} ${until(holder.expires_at, nowMs)}`;
  return `${named(holder.principal_id)}${away} holds${what} ${when}: ${quoted(holder.objective)} (${named(holder.intent_id)}${place})`;
}

/** Principals, each once, for a sentence. */
export function whose(holders: readonly { readonly principal_id: string }[]): string {
  return listed([...new Set(holders.map((holder) => holder.principal_id))], 3);
}
