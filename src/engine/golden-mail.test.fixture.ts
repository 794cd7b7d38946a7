/**
 * Golden streams of the mail, kept as those of the session are (`golden.test.fixture.ts`), in a folder of their own.
 */
import { join } from "node:path";
import { mail } from "../core/mail/mail.ts";
import { acknowledge, broadcast, DAY_MS, deliver, leave, register, send } from "../core/mail/mail.test.fixture.ts";
import type { MailFacts } from "../core/mail/names.ts";
import type { MailState } from "../core/mail/state.ts";
import type { Json } from "../wire/json.ts";
import type { MailCommand, MailEvent } from "../wire/mail.ts";
import { MAX_PEER_FRAME_BYTES } from "../wire/peer/frames.ts";
import type { Golden, GoldenStage } from "./golden-stage.test.fixture.ts";
import { GOLDEN_FOLDER, plain } from "./golden.test.fixture.ts";

/** What a session's mail says. */
function sayingOfMail(state: Readonly<MailState>): Json {
  const { id, epoch, settings, peers, connected, ids, waiting } = state;
  return plain({ id, epoch, settings, peers, connected, ids, waiting, firstDeadline: state.deadlines.first() ?? null });
}

/** As it may be, so long that only the key of a direct copy leaves it room. */
function sized(command: MailCommand, bytes: number): MailCommand {
  return { ...command, bytes } as MailCommand;
}

/** Everything that mail may record, and every way in which it refuses. */
async function playMailDay({ gives, pass, restart }: GoldenStage<MailCommand, MailFacts>): Promise<void> {
  await gives(register("dee"));
  await gives(leave("dee"));
  await gives(send("nobody", "dee", "m0")); // who sends has registered
  await pass(31 * DAY_MS); // nothing waits for dee, whose name is free again
  await gives(register("ana"));
  await gives(register("bo"));
  await gives(register("cy", { token: "two" }));
  await gives(register("bo", { token: "two" }));
  await gives(send("ana", "bo", "m1"));
  await gives(send("ana", "bo", "m1")); // once
  await gives(send("ana", "bo", "m2"));
  await gives(send("ana", "dee", "m3")); // forgotten
  await gives(send("ana", "bo", "", {}));
  await gives(send("ana", "*", "m4"));
  await gives(send("ana", "bo", "m5", { from: "cy" }));
  await gives(sized(send("ana", "bo", "m6"), MAX_PEER_FRAME_BYTES));
  await gives(deliver("bo", "m1", "m2"));
  await gives(acknowledge("bo", "m1"));
  await gives(acknowledge("cy", "m2")); // not its own
  await gives(broadcast("ana", "b1"));
  await gives(register("x".repeat(400), { connection: "long" }));
  await gives(sized(broadcast("ana", "b2"), MAX_PEER_FRAME_BYTES - 200)); // fits all but one
  await gives(leave("bo"));
  await gives(register("bo", { connection: "bo-2" }));
  await gives(register("bo", { connection: "bo-3" })); // takes over
  await gives(leave("bo", "bo-2")); // has nothing to leave
  await restart();
  await gives(register("ana", { connection: "ana-2" }));
  await gives(register("cy", { token: "three", connection: "cy-2" }), { holderStands: false });
  await gives(deliver("cy", "b1|cy"));
  await pass(31 * DAY_MS); // ids are forgotten
}

export const GOLDEN_MAIL: Golden<MailState, MailCommand, MailEvent, MailFacts> = {
  aggregate: mail,
  settings: { release_after_sec: (30 * DAY_MS) / 1000 },
  folder: join(GOLDEN_FOLDER, "mail"),
  sayingOf: sayingOfMail,
  day: playMailDay,
};
