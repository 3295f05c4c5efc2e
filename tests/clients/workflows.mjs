// Workflows with every operation of AWS's durable execution SDK for JavaScript; the event's "workflow" names the one to run.
import { LambdaClient, SendDurableExecutionCallbackFailureCommand, SendDurableExecutionCallbackSuccessCommand } from "@aws-sdk/client-lambda";
import {
    CallbackError, CompletionOutcome, InvokeError, JitterStrategy, NestingType, StepError, StepSemantics, completeBatch, continueBatch,
    createClassSerdes, createRetryStrategy, createWaitStrategy, retryPresets, withDurableExecution, withRetry,
} from "@aws/durable-execution-sdk-js";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const workflows = {};
const SECOND = { seconds: 1 };
const NO_RETRIES = { retryStrategy: retryPresets.noRetry };

const everySecond = (maxAttempts, more = {}) =>
    createRetryStrategy({ maxAttempts, initialDelay: SECOND, backoffRate: 1, jitter: JitterStrategy.NONE, ...more });
const failing = (message, kind = Error) => async () => { throw new kind(message); };

// What a handler can see of an operation's error.
const told = (error) => ({ class: error.constructor.name, type: error.cause?.name ?? null, message: error.message, data: error.errorData ?? null });
const digest = (text) => [text.length, createHash("sha256").update(text).digest("hex").slice(0, 16)];

workflows.steps = async (event, context) => {
    const named = await context.step("named", async () => event.value);
    const unnamed = await context.step(async () => 7);
    const nothing = await context.step("nothing", async () => {});
    const added = await context.step("add", async () => unnamed + 1);
    return { named, unnamed, nothing: nothing ?? null, added };
};

workflows.retries = async (event, context) => context.step("flaky", async (step) => {
    if (step.attempt < 3) throw new Error(`attempt ${step.attempt}`);
    return step.attempt;
}, { retryStrategy: everySecond(3) });

workflows.retries_end = async (event, context) => {
    try {
        await context.step("unlucky", failing("no luck", RangeError), { retryStrategy: everySecond(2) });
    } catch (error) {
        if (error instanceof StepError) return told(error);
    }
};

// Of these errors none is retried: the first by its message, the second by its type, the third by a strategy of one's own.
workflows.retries_filtered = async (event, context) => {
    const strategies = [everySecond(5, { retryableErrors: ["timeout"] }), everySecond(5, { retryableErrorTypes: [RangeError] }),
        (error, attempt) => ({ shouldRetry: attempt < 1, delay: SECOND })];
    const messages = [];
    for (const retryStrategy of strategies) {
        try {
            await context.step(failing("no luck"), { retryStrategy });
        } catch (error) {
            messages.push(error.message);
        }
    }
    return messages;
};

// An error's message may have such a half, of an emoji that was cut.
workflows.half_a_character = async (event, context) => {
    try {
        await context.step(failing("cut \ud83d"), NO_RETRIES);
    } catch (error) {
        await context.wait(SECOND); // so that it is read from the record
        return error.message;
    }
};

// When a booking fails for good, what was booked before is cancelled, the last first.
workflows.saga = async (event, context) => {
    const cancel = async (step) => (step.attempt === 2 ? step.attempt : failing("busy")());
    const booked = [];
    try {
        for (const what of ["flight", "hotel", "car"]) {
            await context.step(`book ${what}`, what === "car" ? failing("no cars") : async () => {}, NO_RETRIES);
            booked.push(what);
            await context.wait(SECOND);
        }
    } catch (error) {
        for (const what of booked.toReversed()) await context.step(`cancel ${what}`, cancel, { retryStrategy: everySecond(2) });
        return [error.message, booked];
    }
};

workflows.retry_block = async (event, context) => withRetry(context, "block", async (inner, attempt) => {
    await inner.step("first", async () => attempt);
    return inner.step("second", attempt === 2 ? async () => attempt : failing("once more"), NO_RETRIES);
}, { retryStrategy: everySecond(3) });

// Steps that really ran, seen from outside.
const note = (folder, text) => fs.appendFileSync(`${folder}/notes`, `${text}\n`);
const die = () => { process.kill(process.pid, "SIGKILL"); return new Promise(() => {}); };

workflows.crash = async (event, context) => {
    await context.step("before", async () => note(event.folder, "before"));
    const survived = await context.step("inside", async () => {
        note(event.folder, "inside");
        if (!fs.existsSync(`${event.folder}/crashed`)) {
            fs.writeFileSync(`${event.folder}/crashed`, "");
            await die();
        }
        return "survived";
    });
    await context.wait(SECOND);
    await context.step("after", async () => note(event.folder, "after"));
    return survived;
};

workflows.at_most_once = async (event, context) => {
    const once = { retryStrategy: everySecond(event.attempts), semantics: StepSemantics.AtMostOncePerRetry };
    try {
        return await context.step("once", async (step) => {
            note(event.folder, `attempt ${step.attempt}`);
            if (step.attempt === 1) await die();
            return step.attempt;
        }, once);
    } catch (error) {
        return told(error).type;
    }
};

workflows.wait = async (event, context) => {
    await context.wait("pause", SECOND);
    await context.wait({ seconds: 1 });
    return "waited";
};

workflows.condition = async (event, context) => context.waitForCondition(
    "thrice", async (state, check) => ({ polls: state.polls + 1, attempt: check.attempt }),
    { initialState: { polls: 0 }, waitStrategy: (state) => (state.polls < 3 ? { shouldContinue: true, delay: SECOND } : { shouldContinue: false }) });

workflows.condition_ends = async (event, context) => {
    const waitStrategy = createWaitStrategy({ shouldContinuePolling: () => true, maxAttempts: 2, initialDelay: SECOND, backoffRate: 1, jitter: JitterStrategy.NONE });
    const classes = [];
    for (const poll of [async (state) => state + 1, failing("blind")]) {
        try {
            await context.waitForCondition(poll, { waitStrategy, initialState: 0 });
        } catch (error) {
            classes.push(error.constructor.name);
        }
    }
    return classes;
};

workflows.condition_crash = async (event, context) => context.waitForCondition(async (state) => {
    note(event.folder, `poll ${state}`);
    if (state === 1 && !fs.existsSync(`${event.folder}/crashed`)) {
        fs.writeFileSync(`${event.folder}/crashed`, "");
        await die();
    }
    return state + 1;
}, { initialState: 0, waitStrategy: (state) => (state < 3 ? { shouldContinue: true, delay: SECOND } : { shouldContinue: false }) });

workflows.callback = async (event, context) => {
    const config = { timeout: { seconds: event.timeout ?? 60 }, ...(event.heartbeat && { heartbeatTimeout: { seconds: event.heartbeat } }) };
    const [answer, callbackId] = await context.createCallback("answer", config);
    await context.step("told", async () => callbackId.length > 0);
    try {
        return await answer;
    } catch (error) {
        if (error instanceof CallbackError) return told(error);
    }
};

const sendYourself = (result) => async (CallbackId) => {
    await new LambdaClient().send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result: result }));
};

// The answer is there before the invocation that asks for it has ended.
workflows.callback_at_once = async (event, context) => {
    const [own, callbackId] = await context.createCallback({ serdes: { deserialize: async (text) => JSON.parse(text) } });
    await context.step("send", () => sendYourself('{"early": 1}')(callbackId));
    const waited = await context.waitForCallback("ask", sendYourself("early too"));
    return [await own, waited];
};

// It fails, or times out, before the invocation that asks for it has ended.
workflows.callback_ends_at_once = async (event, context) => {
    const [answer, CallbackId] = await context.createCallback({ timeout: { seconds: event.fails ? 60 : 1 } });
    await context.step(async () => {
        if (event.fails) await new LambdaClient().send(new SendDurableExecutionCallbackFailureCommand({ CallbackId, Error: { ErrorMessage: "no" } }));
        else await sleep(1500);
    });
    try {
        return await answer;
    } catch (error) {
        return told(error).class;
    }
};

workflows.wait_for_callback = async (event, context) => {
    try {
        return await context.waitForCallback("ask", async (callbackId, submitter) => {
            submitter.logger.info("submitting");
            if (event.submitter === "flaky" && !fs.existsSync(`${event.folder}/submitted`)) {
                fs.writeFileSync(`${event.folder}/submitted`, "");
                throw new Error("nobody there");
            }
            if (event.submitter === "failing") throw new Error("never there");
        }, { timeout: { seconds: event.timeout ?? 60 }, retryStrategy: everySecond(2) });
    } catch (error) {
        if (error instanceof CallbackError) return told(error);
    }
};

workflows.echo = async (event, context) => {
    await context.wait(SECOND);
    return { echo: event.payload };
};

workflows.fail = async (event) => { throw new RangeError(event.message); };

// JSON in capitals, to see who went through it.
const upper = { serialize: async (value) => JSON.stringify(value).toUpperCase(), deserialize: async (data) => JSON.parse(data) };

workflows.invoke = async (event, context) => {
    const durable = await context.invoke("durable", event.durable, { workflow: "echo", payload: [1, "ü"] });
    const { echo: plain } = await context.invoke(event.plain, { echo: "word" }, { payloadSerdes: upper });
    const tenants = [];
    for (const tenantId of ["blue", "green", "blue"]) tenants.push(await context.invoke(event.tenants, { echo: tenantId }, { tenantId }));
    const apart = tenants[0].process !== tenants[1].process;
    tenants.forEach((one) => delete one.process);
    const errors = [];
    for (const [target, payload] of [[event.durable, { workflow: "fail", message: "broken" }], [event.plain, { fail: "plainly" }], [event.tenants, {}], ["nowhere:1", {}]]) {
        try {
            await context.invoke(target, payload);
        } catch (error) {
            if (error instanceof InvokeError) errors.push([error.constructor.name, error.message]);
        }
    }
    return { durable, plain, tenants, apart, errors };
};

workflows.child_contexts = async (event, context) => {
    const named = await context.runInChildContext("order", async (order) => {
        await order.step("validate", async () => 7);
        await order.wait(SECOND);
        return order.step("charge", async () => "charged 7");
    });
    const nested = await context.runInChildContext((outer) => outer.runInChildContext((inner) => inner.step(async () => "deep")));
    const labelled = await context.runInChildContext("labelled", async () => 1, { subType: "Saga" });
    const virtual = await context.runInChildContext((inner) => inner.step("of the root", async () => 2), { virtualContext: true });
    try {
        await context.runInChildContext("breaks", (inner) => inner.step(failing("inside"), NO_RETRIES));
    } catch (error) {
        return [named, nested, labelled, virtual, told(error).class, error.message];
    }
};

workflows.parallel = async (event, context) => {
    const second = async (inner) => {
        await inner.wait(SECOND);
        return inner.step(async () => "second");
    };
    const batch = await context.parallel(
        "three", [{ name: "one", func: (inner) => inner.step(async () => "first") }, second, (inner) => inner.step(failing("third"), NO_RETRIES)],
        { maxConcurrency: 1, completionConfig: { toleratedFailurePercentage: 100 } });
    const first = await context.parallel([async () => 1, async () => 2], { maxConcurrency: 1, completionConfig: { minSuccessful: 1 } });
    return { results: batch.getResults(), failed: batch.failureCount, status: batch.status, reason: batch.completionReason,
        first: first.getResults(), why: first.completionReason, total: first.totalCount };
};

workflows.map = async (event, context) => {
    const square = async (inner, item) => {
        await inner.wait(SECOND);
        return inner.step(item === 3 ? failing("three") : async () => item * item, NO_RETRIES);
    };
    const batch = await context.map("squares", [1, 2, 3, 4], square,
        { maxConcurrency: 2, completionConfig: { toleratedFailureCount: 1 }, itemNamer: (item) => `square-${item}` });
    const strict = await context.map([3, 1], square, { maxConcurrency: 1 });
    try {
        strict.throwIfError();
    } catch (error) {
        return { results: batch.getResults(), failed: batch.failed().map((item) => item.index), reason: batch.completionReason,
            strict: strict.completionReason, thrown: error.message, empty: (await context.map([], square)).totalCount };
    }
};

workflows.thousand = async (event, context) => {
    const batch = await context.map([...Array(1000).keys()], (inner, item) => inner.step(async () => item));
    return batch.getResults().reduce((sum, item) => sum + item, 0);
};

// When a batch ends: after enough successes, after too large a share of failures, and when the workflow says so.
workflows.completion = async (event, context) => {
    const item = (inner, value) => inner.step(value ? async () => value : failing("zero"), NO_RETRIES);
    const batch = async (items, completionConfig) => {
        const done = await context.map(items, item, { maxConcurrency: 1, completionConfig });
        return [done.completionReason, done.successCount, done.failureCount, done.totalCount, done];
    };
    const enough = (await batch([1, 1, 1], { minSuccessful: 2 })).slice(0, 4);
    const share = (await batch([0, 0, 1, 1], { toleratedFailurePercentage: 25 })).slice(0, 4);
    const custom = (await batch([1, 1, 1], { shouldComplete: (status) => (status.successCount ? completeBatch() : continueBatch()) })).slice(0, 4);
    const failed = await batch([1, 1], { shouldComplete: (status) => (status.successCount ? completeBatch(CompletionOutcome.FAILED) : continueBatch()) });
    try {
        failed.pop().throwIfError();
    } catch (error) {
        return [enough, share, custom, failed, error.constructor.name];
    }
};

workflows.flat = async (event, context) => (await context.map(
    "flat", [1, 2], (inner, item) => inner.step(`item ${item}`, async () => item * 10), { maxConcurrency: 1, nesting: NestingType.FLAT })).getResults();

// Results of more than 256 KiB are not recorded: the wait makes the next invocation run what made them again.
workflows.large = async (event, context) => {
    const child = await context.runInChildContext("child", async (inner) => "c".repeat(await inner.step("size", async () => 300_000)));
    const batch = await context.map("batch", ["a", "ü"], (inner, item) => inner.step(async () => item.repeat(90_000)));
    await context.wait(SECOND);
    return { child: digest(child), batch: batch.getResults().map(digest) };
};

workflows.large_result = async (event) => "r".repeat(event.bytes);

workflows.large_step = async (event, context) => (await context.step(async () => "s".repeat(event.bytes), NO_RETRIES)).length;

class Money {
    constructor(amount, currency) { Object.assign(this, { amount, currency }); }
    toString() { return `${this.amount} ${this.currency}`; }
}

workflows.serdes = async (event, context) => {
    const serdes = {
        serialize: async (money) => `${money}`,
        deserialize: async (data) => data && new Money(Number(data.split(" ")[0]), data.split(" ")[1]),
    };
    const price = await context.step("price", async () => new Money(12, "EUR"), { serdes });
    const typed = await context.step("types", async () => new Money(1, "USD"), { serdes: createClassSerdes(Money) });
    await context.wait(SECOND);
    if (`${price}${typed}` !== "12 EUR1 USD") throw new TypeError(`lost its class: ${price} ${typed}`);
    return price;
};

workflows.logs = async (event, context) => {
    context.logger.info(`before ${event.word}`);
    await context.step("speaks", async (step) => step.logger.info(`inside ${event.word}`));
    await context.wait(SECOND);
    context.logger.warn(`after ${event.word}`);
    return "said";
};

// A workflow whose code is not the same when it is replayed.
workflows.changed = async (event, context) => {
    if (fs.existsSync(`${event.folder}/ran`)) await context.wait("first", SECOND);
    else await context.step("first", async () => fs.writeFileSync(`${event.folder}/ran`, ""));
    await context.wait(SECOND);
};

workflows.slow = async (event, context) => {
    await context.step(async () => {
        note(event.folder, "begun");
        while (!fs.existsSync(`${event.folder}/go`)) await sleep(50);
    });
    await context.step(async () => note(event.folder, "after"));
};

workflows.forever = async (event, context) => {
    while (true) await context.wait(SECOND);
};

workflows.combinators = async (event, context) => {
    const slow = (inner) => inner.wait({ seconds: 30 });
    const both = await context.promise.all("both", [context.step(async () => 1), context.step(async () => 2)]);
    const settled = await context.promise.allSettled([context.step(async () => 3), context.step(failing("settled"), NO_RETRIES)]);
    const winner = await context.promise.race("race", [context.runInChildContext(slow), context.step(async () => "fast")]);
    const any = await context.promise.any([context.step(failing("no"), NO_RETRIES), context.step(async () => "yes")]);
    const errors = [];
    for (const promises of [() => context.promise.any([context.step(failing("a"), NO_RETRIES)]), () => context.promise.all([context.step(failing("b"), NO_RETRIES)])]) {
        try {
            await promises();
        } catch (error) {
            errors.push(error.constructor.name);
        }
    }
    await context.wait(SECOND);
    return { both, settled: settled.map((one) => one.status), winner, any, errors };
};

export const handler = withDurableExecution((event, context) => workflows[event.workflow](event, context));
