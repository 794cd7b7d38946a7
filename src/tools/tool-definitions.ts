/**
 * The tools as `tools/list` shows them: plain JSON, the same each time, so that the bridge can carry it ready-made.
 *
 * Nothing is required of a result there: clients check an error's members against the same schema. The `$schema` member is
 * left out (2020-12 is what its absence means), because older clients refuse a dialect that they do not know.
 */
import * as z from "zod";
import type { Annotations, Tool } from "./tool.ts";

export interface ToolDefinition {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema;
  readonly annotations: Annotations;
}

export interface JsonSchema {
  readonly type: "object";
  readonly [keyword: string]: unknown;
}

export function toolDefinitions(registry: readonly Tool[]): ToolDefinition[] {
  return registry.map(({ name, title, description, input, output, annotations }) => ({
    name,
    title,
    description,
    inputSchema: rendered(input),
    outputSchema: rendered(output.partial()),
    annotations,
  }));
}

function rendered(schema: z.ZodObject): JsonSchema {
  const whole = z.toJSONSchema(schema, { io: "input", target: "draft-2020-12", override: ({ jsonSchema }) => trim(jsonSchema) });
  const { $schema, type, ...rest } = withBranches(whole) as typeof whole;
  void $schema;
  if (type !== "object") throw new Error("a tool's schema is an object");
  return { type, ...rest };
}

/** A client whose dialect has one type for each schema reads branches, and drops or refuses a list of types. */
function withBranches(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withBranches);
  if (typeof schema !== "object" || schema === null) return schema;
  const parts = Object.entries(schema).map(([name, value]): [string, unknown] =>
    name === "type" && Array.isArray(value) ? ["anyOf", value.map((type: unknown) => ({ type }))] : [name, withBranches(value)],
  );
  return Object.fromEntries(parts);
}

/** What says nothing goes: an object of which nothing is known allows everything as it is. */
function trim(schema: z.core.JSONSchema.BaseSchema): void {
  const { additionalProperties: more, properties } = schema;
  if (typeof more === "object" && Object.keys(more).length === 0) delete schema.additionalProperties;
  if (properties !== undefined && Object.keys(properties).length === 0) delete schema.properties;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  // That a text is not empty and a list of things holds things goes without saying; both are checked all the same.
  if (schema.minLength === 1) delete schema.minLength;
  if (schema.minItems === 1) delete schema.minItems;
  if (isAnyThing(schema.items)) delete schema.items;
}

function isAnyThing(items: unknown): boolean {
  if (typeof items !== "object" || items === null) return false;
  const { type, ...rest } = items as { readonly type?: unknown };
  return (
    (type === undefined || type === "object") && Object.keys(rest).every((name) => name === "properties" || name === "additionalProperties")
  );
}
