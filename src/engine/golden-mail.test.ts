import { MailEvent } from "../wire/mail.ts";
import { GOLDEN_MAIL } from "./golden-mail.test.fixture.ts";
import { judgeGolden } from "./golden-suite.test.fixture.ts";

judgeGolden(GOLDEN_MAIL, { events: MailEvent.options, refuses: (code) => code.startsWith("mail/") });
