/** `npm run golden`: the streams of the aggregates beside the session. */
import { GOLDEN_BOARD } from "./golden-board.test.fixture.ts";
import { GOLDEN_MAIL } from "./golden-mail.test.fixture.ts";
import { GOLDEN_MCP } from "./golden-mcp.test.fixture.ts";
import { writeGolden } from "./golden-stage.test.fixture.ts";

await writeGolden(GOLDEN_BOARD);
await writeGolden(GOLDEN_MAIL);
await writeGolden(GOLDEN_MCP);
