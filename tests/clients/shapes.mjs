// Shapes of workflows in AWS's durable execution SDK for JavaScript, as in shapes.py; the event's "workflow" names the one to run.
import { CallbackError, JitterStrategy, StepSemantics, createRetryStrategy, retryPresets, withDurableExecution } from "@aws/durable-execution-sdk-js";

const workflows = {};
const SECOND = { seconds: 1 };
const NO_RETRIES = { retryStrategy: retryPresets.noRetry };

const everySecond = (maxAttempts) => createRetryStrategy({ maxAttempts, initialDelay: SECOND, backoffRate: 1, jitter: JitterStrategy.NONE });
const failing = (message, kind = Error) => async () => { throw new kind(message); };
const told = (error) => [error.constructor.name, error.message];
const succeedsAfter = (failures) => async (step) => {
    if (step.attempt <= failures) throw new Error(`attempt ${step.attempt} of ${failures + 1}`);
    return step.attempt;
};

workflows.deep = async (event, context) => {
    const level = (number) => async (inner) => {
        await inner.step(`step ${number}`, async () => number);
        await inner.wait(`wait ${number}`, SECOND);
        return number ? (await inner.runInChildContext(`level ${number}`, level(number - 1))) + number : 0;
    };
    return context.runInChildContext("top", level(3));
};

workflows.branches_wait = async (event, context) => {
    const branch = (number) => async (inner) => {
        await inner.wait(`wait ${number}`, { seconds: number });
        return inner.step(`step ${number}`, async () => number);
    };
    return (await context.parallel("branches", [branch(1), branch(2), branch(3)])).getResults();
};

workflows.branches_retry = async (event, context) => {
    const branch = (failures) => (inner) => inner.step(`after ${failures}`, succeedsAfter(failures), { retryStrategy: everySecond(5) });
    return (await context.parallel("branches", [branch(0), branch(1), branch(2)])).getResults();
};

// The branch that is left behind has a callback that nobody answers.
workflows.first_of = async (event, context) => {
    const fast = async (inner) => {
        await inner.wait(SECOND);
        return inner.step("fast", async () => "fast");
    };
    const slow = async (inner) => (await inner.createCallback("slow"))[0];
    const done = await context.parallel("race", [fast, slow], { completionConfig: { minSuccessful: 1 } });
    await context.wait("after", SECOND);
    return [done.successCount, done.startedCount, done.completionReason];
};

workflows.heartbeat_first = async (event, context) => {
    const [answer] = await context.createCallback("callback", { timeout: { seconds: 60 }, heartbeatTimeout: SECOND });
    try {
        return await answer;
    } catch (error) {
        if (error instanceof CallbackError) return told(error);
    }
};

workflows.child_uncaught = async (event, context) => context.runInChildContext("child", failing("inside", RangeError));

workflows.step_uncaught = async (event, context) => context.step("step", failing("inside", RangeError), NO_RETRIES);

workflows.fails_after_a_wait = async (event, context) => {
    await context.wait(SECOND);
    throw new TypeError("after");
};

// Six items in turn, some of which fail.
const batch = (context, fails, completionConfig) => context.map("batch", [0, 1, 2, 3, 4, 5], (inner, number) =>
    inner.step(fails(number) ? failing(`item ${number}`) : async () => number, NO_RETRIES), { maxConcurrency: 1, completionConfig });
const counts = (done) => [done.successCount, done.failureCount, done.startedCount, done.completionReason];

workflows.map_uncaught = async (event, context) => (await batch(context, (number) => number === 1, { toleratedFailureCount: 0 })).throwIfError();

workflows.map_tolerates_some = async (event, context) =>
    counts(await batch(context, (number) => number % 3 === 0, { minSuccessful: 3, toleratedFailureCount: 4 }));

workflows.map_tolerates_a_share = async (event, context) => counts(await batch(context, (number) => number % 2 === 0, { toleratedFailurePercentage: 20 }));

workflows.nothing = async (event, context) => {
    await context.step(async () => undefined);
    await context.step(async () => null);
    await context.runInChildContext(async () => undefined);
    await context.map([null], async () => undefined);
    await context.wait(SECOND);
};

workflows.at_most_once = async (event, context) => {
    const config = { semantics: StepSemantics.AtMostOncePerRetry, retryStrategy: everySecond(3) };
    return [await context.step("after 0", succeedsAfter(0), config), await context.step("after 1", succeedsAfter(1), config)];
};

workflows.conditions_in_branches = async (event, context) => {
    const waitStrategy = (state) => (state < 2 ? { shouldContinue: true, delay: SECOND } : { shouldContinue: false });
    const branch = (inner) => inner.waitForCondition("poll", async (state) => state + 1, { initialState: 0, waitStrategy });
    return (await context.parallel("branches", [branch, branch])).getResults();
};

// Their results are made again from what is in them.
workflows.large_contexts = async (event, context) => {
    const first = await context.runInChildContext("first", async (inner) => {
        const parts = [];
        for (let i = 0; i < 3; ++i) parts.push(await inner.step(async () => "x".repeat(200_000)));
        return parts;
    });
    await context.wait(SECOND);
    const second = await context.runInChildContext("second", async (inner) => {
        await inner.wait(SECOND);
        return "y".repeat(300_000);
    });
    return [first.length, second.length];
};

workflows.side_by_side = async (event, context) => Promise.all([
    context.step("step", async () => 1), context.wait("wait", SECOND), context.runInChildContext("child", async (inner) => {
        await inner.wait({ seconds: 2 });
        return 3;
    })]);

workflows.invoke_uncaught = async (event, context) => context.invoke("invoke", event.plain, { fail: "plainly" });

export const handler = withDurableExecution((event, context) => workflows[event.workflow](event, context));
