import { describe, expect, it } from "vitest";
import { instructionsFor } from "./instructions.ts";
import { REGISTRY } from "./registry.ts";
import { PROFILES, type Profile, select } from "./selection.ts";
import { toolDefinitions } from "./tool-definitions.ts";

const definitions = toolDefinitions(REGISTRY);
const bytes = (value: unknown): number => Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value));

function* nodes(schema: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (typeof schema !== "object" || schema === null) return;
  yield schema as Readonly<Record<string, unknown>>;
  for (const value of Object.values(schema)) yield* nodes(value);
}

describe("the tools as they are listed", () => {
  it("are what they were when they were last looked at", async () => {
    await expect(`${JSON.stringify(definitions, undefined, 2)}\n`).toMatchFileSnapshot("__snapshots__/tools.txt");
  });

  it("are the same each time", () => {
    expect(toolDefinitions(REGISTRY)).toEqual(definitions);
  });

  /** Bytes of name, description and input, which a model reads, and of everything. */
  it.each<{ profiles: Profile[]; read: number; whole: number }>([
    { profiles: ["core"], read: 9_216, whole: 14_336 },
    { profiles: ["core", "lanes"], read: 13_312, whole: 20_480 },
    { profiles: [...PROFILES], read: 14_848, whole: 23_552 },
  ])("stay within what a model reads: $read bytes of $profiles, $whole in all", ({ profiles, read, whole }) => {
    const chosen = select(REGISTRY, { profile: profiles });
    const listed = toolDefinitions("tools" in chosen ? chosen.tools : []);

    expect(bytes(listed.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })))).toBeLessThanOrEqual(read);
    expect(bytes({ tools: listed })).toBeLessThanOrEqual(whole);
    expect(bytes(instructionsFor(new Set(profiles)))).toBeLessThan(2_048);
  });

  it("have short descriptions, and instructions that name no tool which is off", () => {
    for (const { description } of definitions) expect(bytes(description)).toBeLessThan(512);
    for (const profile of PROFILES) {
      const text = instructionsFor(new Set([profile]));
      const off = REGISTRY.filter((tool) => tool.profile !== profile && tool.name !== "begin_task").map(({ name }) => name);
      expect(off.filter((name) => text.includes(name))).toEqual([]);
    }
  });

  it.each(definitions)(
    "$name is named, annotated and schematised as every host can read it",
    ({ name, title, annotations, inputSchema, outputSchema }) => {
      expect(name).toMatch(/^[a-z][a-z_]{2,23}$/);
      expect(title).not.toBe("");
      expect(Object.keys(annotations).toSorted()).toEqual(["destructiveHint", "idempotentHint", "openWorldHint", "readOnlyHint"]);
      expect(annotations.openWorldHint).toBe(false);
      expect(annotations.readOnlyHint && annotations.destructiveHint).toBe(false);
      expect(inputSchema).toMatchObject({ type: "object", additionalProperties: false });
      expect(outputSchema.type).toBe("object");
      expect("additionalProperties" in outputSchema || "required" in outputSchema).toBe(false);
      for (const schema of nodes([inputSchema, outputSchema])) expect(Array.isArray(schema["type"])).toBe(false);
      for (const schema of [inputSchema, outputSchema]) {
        expect("anyOf" in schema || "oneOf" in schema || "allOf" in schema).toBe(false);
        expect([...nodes(schema)].some((node) => "$ref" in node || "$defs" in node || "$schema" in node)).toBe(false);
      }
    },
  );

  it("bound every text and list that they take", () => {
    const taken = definitions.flatMap(({ inputSchema }) => [...nodes(inputSchema)]);
    const texts = taken.filter((node) => node["type"] === "string" && !("enum" in node));
    const lists = taken.filter((node) => node["type"] === "array");

    expect([texts.length > 10, lists.length > 2]).toEqual([true, true]);
    expect(texts.filter((node) => !("maxLength" in node))).toEqual([]);
    expect(lists.filter((node) => !("maxItems" in node))).toEqual([]);
  });

  it("say everywhere what a result always carries", () => {
    for (const { outputSchema } of definitions) expect(outputSchema).toMatchObject({ properties: { workspace_dir: {}, session_id: {} } });
  });
});
