// The workflow of bench_function's "steps", with AWS's SDK for JavaScript.
import { withDurableExecution } from "@aws/durable-execution-sdk-js";

export const handler = withDurableExecution(async (event, context) => {
    let sum = 0;
    for (let i = 0; i < event.count; i++) sum += await context.step("step", async () => 1);
    return sum;
});
