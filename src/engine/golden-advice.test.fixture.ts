/** The part of the golden day in which scopes say more than their files: who uses them, what they add, and where in them. */
import type { JsonObject } from "../wire/json.ts";
import type { Stage } from "./golden-day.test.fixture.ts";

const over = (id: string, path: string, extensions: JsonObject, more: JsonObject = {}): JsonObject => ({
  intent_id: id,
  objective: `rewrite ${id} with parse()`,
  scope: { kind: "file_set", resources: [path], extensions },
  ttl_sec: 7_200,
  ...more,
});

const within = (path: string, ...names: string[]): JsonObject => ({ signalbox: { symbols: { [path]: names } } });

/** Nothing of it stands afterwards. */
export async function advising({ says }: Stage): Promise<void> {
  await says("jo", "HELLO", {});
  await says("kim", "HELLO", {});
  const reach = {
    impact: ["adv/main.py", "adv/other.py"],
    impact_symbols: { "adv/main.py": ["utils.foo", "utils.bar"], "adv/other.py": null },
    affects_symbols: ["utils.foo", "Note.archived"],
  };
  await says("jo", "INTENT_ANNOUNCE", over("j1", "adv/utils.py", reach));
  await says("kim", "INTENT_ANNOUNCE", over("k1", "adv/main.py", { depends_on_symbols: ["app.models.Note"] }));
  await says("kim", "INTENT_UPDATE", { intent_id: "k1", scope: { kind: "file_set", resources: ["adv"] } });
  await says("kim", "INTENT_ANNOUNCE", over("k2", "adv/utils.py", { intent_semantics: { action: "add", symbol: "utils.foo" } }));
  await says("jo", "INTENT_ANNOUNCE", over("j2", "sym/a.ts", within("sym/a.ts", "Parser.parse")));
  await says("kim", "INTENT_ANNOUNCE", over("k3", "sym/a.ts", within("sym/a.ts", "Parser.print")));
  await says("kim", "INTENT_ANNOUNCE", over("k4", "sym/a.ts", within("sym/a.ts", "Parser")));
  await says("jo", "GOODBYE", {});
  await says("kim", "GOODBYE", {});
}
