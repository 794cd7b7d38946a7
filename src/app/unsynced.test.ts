/** A sidecar whose disk has not taken what was written: nobody knows what is stored until the log is opened again. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { bearer, busHosted } from "./board.test.fixture.ts";
import { scratchFolder } from "../git/scratch.test.fixture.ts";
import { breakSync, isSyncedBeside } from "../store/break-sync.test.fixture.ts";

const SESSIONS = ["one", "two", "three", "four", "five", "six", "seven", "eight"];
const TABLE = { "ana-token": { allowed_sessions: ["*"], roles: ["owner"], holder: "ana" } };

it.runIf(process.platform === "linux")("ends with that fault, and tells whoever wrote to look before they repeat it", async () => {
  await using scratch = await scratchFolder();
  const store = join(scratch.folder, "store");
  await using served = await busHosted(store, TABLE);
  const ending = served.sidecar.stopped.then(
    () => undefined,
    (fault: unknown) => fault,
  );
  const writeAtOnce = () =>
    Promise.all(
      SESSIONS.map((session) => served.bus(session).post("/message", { topic: "t", sender: "ana", body: "b" }, bearer("ana-token"))),
    );
  const log = join(store, "log.db");

  do await writeAtOnce();
  while (!isSyncedBeside(log)); // as soon as one turn had the writes of enough of them
  breakSync(log);
  let answers = await writeAtOnce();
  while (answers.every(({ status }) => status < 400)) answers = await writeAtOnce();

  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.map(({ body }) => body["detail"])).toContainEqual(expect.stringContaining("look whether it was done"));
  expect(await ending).toMatchObject({ name: "StoreUnsynced", code: "store/unavailable" });
});
