/**
 * What a report of vitest says: how many tests passed and failed, on the first line, then a line for each that failed. A
 * file that could not be loaded counts as one failure.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const failures = report.testResults.flatMap((file) => {
  const name = relative(process.cwd(), file.name);
  const failed = file.assertionResults.filter((test) => test.status === "failed");
  if (file.status === "failed" && failed.length === 0) return [`${name}: ${firstLine(file.message)}`];
  return failed.map((test) => `${name}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
});
console.log(`${report.numPassedTests} ${failures.length}`);
for (const failure of failures) console.log(failure);

function firstLine(text = "") {
  return text.split("\n", 1)[0];
}
