import { BoardEvent } from "../wire/board.ts";
import { GOLDEN_BOARD } from "./golden-board.test.fixture.ts";
import { judgeGolden } from "./golden-suite.test.fixture.ts";

judgeGolden(GOLDEN_BOARD, {
  events: BoardEvent.options,
  refuses: (code) => /^(lane|board)\//.test(code) || code === "request/other-content",
});
