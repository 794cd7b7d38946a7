/** The live log of one session's board, as this edge asks it and gives it commands. */
import type { BoardState } from "../../core/board/read.ts";
import type { StreamHost } from "../../engine/stream-host.ts";
import type { BoardCommand } from "../../wire/board.ts";
import type { JsonObject } from "../../wire/json.ts";

export type BoardHost = StreamHost<BoardState, BoardCommand, JsonObject>;
