/** What a scope names, whatever its kind: a foreign client may announce entities, tasks, a pattern or a question. */
import * as z from "zod";
import type { IntentView } from "../wire/query/views.ts";

const Named = z.looseObject({
  resources: z.array(z.string()).catch([]).default([]),
  pattern: z.string().nullable().catch(null).default(null),
  entities: z.array(z.string()).nullable().catch(null).default(null),
  task_ids: z.array(z.string()).nullable().catch(null).default(null),
  expression: z.string().nullable().catch(null).default(null),
});

/** The intent with so many of its files at the most, and how many there are. */
export function withFewFiles(intent: IntentView, most: number): IntentView {
  const { resources, resource_count } = intent.scope;
  if (resources === undefined || resources.length <= most) return intent;
  const scope = { ...intent.scope, resources: resources.slice(0, most), resource_count: resource_count ?? resources.length };
  return { ...intent, scope };
}

/** Files first, as they are in most scopes; the rest under the name of its kind, because an entity may be spelled like a file. */
export function namedIn(scope: IntentView["scope"]): readonly string[] {
  const { resources, pattern, entities, task_ids, expression } = Named.parse(scope);
  return [
    ...resources,
    ...(pattern === null ? [] : [pattern]),
    ...(entities ?? []).map((name) => `entity ${name}`),
    ...(task_ids ?? []).map((name) => `task ${name}`),
    ...(expression === null ? [] : [`query ${expression}`]),
  ];
}
