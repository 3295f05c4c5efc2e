// Runs workflows in AWS's local runner, of its test kit for JavaScript: reads cases from stdin and writes what became of each to the file
// that is named, both as JSON.
import { LocalDurableTestRunner, WaitingOperationStatus } from "@aws/durable-execution-sdk-js-testing";
import fs from "node:fs";
import { text } from "node:stream/consumers";
import { handler as plain } from "./plain.mjs";

const cases = JSON.parse(await text(process.stdin));
await LocalDurableTestRunner.setupTestEnvironment({ skipTime: true });

const answer = async (runner, [kind, what, name]) => {
    const operation = runner.getOperation(name);
    await operation.waitForData(WaitingOperationStatus.STARTED);
    await (kind === "success" ? operation.sendCallbackSuccess(what) : operation.sendCallbackFailure(what));
};

const run = async ({ program, event, answer: answered }) => {
    const { handler } = await import(`./${program}.mjs`);
    const runner = new LocalDurableTestRunner({ handlerFunction: handler });
    runner.registerDurableFunction(`javascript-${program}:$LATEST`, handler);
    runner.registerFunction("javascript-plain", plain);
    const [ended] = await Promise.all([runner.run({ payload: event }), answered && answer(runner, answered)]);
    const succeeded = ended.getStatus() === "SUCCEEDED";
    const { errorMessage, errorType, errorData } = succeeded ? {} : ended.getError();
    return {
        Status: ended.getStatus(), Events: ended.getHistoryEvents(),
        Result: (succeeded && JSON.stringify(ended.getResult())) || null,
        Error: succeeded ? null : { ErrorMessage: errorMessage, ErrorType: errorType, ErrorData: errorData },
    };
};

const outcomes = [];
for (const one of cases) outcomes.push(await run(one));
await LocalDurableTestRunner.teardownTestEnvironment();
fs.writeFileSync(process.argv[2], JSON.stringify(outcomes));
