/** Writes docs/tools.md anew: `npm run docs`. */
import { writeFileSync } from "node:fs";
import { toolsPage } from "./markdown.test.fixture.ts";

writeFileSync(new URL("../../../../docs/tools.md", import.meta.url), toolsPage());
