/** A JSON Schema of ours as rows of a table: each member with its type, what is allowed, and what it is for. */

import { marked } from "./blocks.ts";

/** As much of a schema as ours use. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

/** Name, type, whether it is required, and what else there is to say; members of members after their own. */
export function argumentRows(schema: object, before = ""): string[][] {
  const { properties = {}, required = [] } = schema as Schema;
  return Object.entries(properties).flatMap(([name, member]) => [
    [`\`${before}${name}\``, typeOf(member), required.includes(name) ? "yes" : "", wordsOn(member)],
    ...argumentRows(member, `${before}${name}.`),
  ]);
}

/** The members of a result in a line. */
export function resultMembers(schema: object): string {
  const { properties = {} } = schema as Schema;
  return Object.entries(properties)
    .map(([name, member]) => `\`${name}\` (${typeOf(member)})`)
    .join(", ");
}

function typeOf({ type, enum: choices, anyOf, items, additionalProperties: more }: Schema): string {
  if (choices !== undefined) return choices.map((choice) => `\`${String(choice)}\``).join(" or ");
  if (anyOf !== undefined) return anyOf.map(typeOf).join(" or ");
  if (typeof type === "object") return type.map((one) => typeOf({ type: one })).join(" or ");
  if (type === "array") return items === undefined ? "list" : `list of ${typeOf(items)}`;
  if (type === "object" && typeof more === "object") return `object of ${typeOf(more)}`;
  return type === undefined ? "any" : type === "string" ? "text" : type;
}

function wordsOn(schema: Schema): string {
  const { description, default: otherwise } = schema;
  const parts = [
    ...(description === undefined ? [] : [marked(description.replace(/\.$/, ""))]),
    ...(otherwise === undefined ? [] : [`default \`${typeof otherwise === "string" ? otherwise : JSON.stringify(otherwise)}\``]),
    ...limitsOf(schema),
  ];
  return parts.join("; ");
}

function limitsOf({ minimum, maximum, maxLength, maxItems, anyOf = [] }: Schema): string[] {
  return [
    ...(minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(maximum === undefined ? [] : [`at most ${maximum}`]),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...(maxItems === undefined ? [] : [`at most ${maxItems} of them`]),
    ...anyOf.flatMap(limitsOf),
  ];
}
