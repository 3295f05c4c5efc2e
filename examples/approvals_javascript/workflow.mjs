// A workflow that waits for a person: records a request, tells the approvers, waits for the decision or the timeout, answers what was decided.
//
// APPROVAL_WAIT_MODE says how it waits: "polling" reads the record now and then; "callback" sleeps until the approval API function resumes it.
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { CallbackTimeoutError, withDurableExecution } from "@aws/durable-execution-sdk-js";
import { randomUUID } from "node:crypto";
import * as records from "./records.mjs";

const sns = new SNSClient();
const seconds = () => Math.floor(Date.now() / 1000);

// Tells the approvers. The callback's id is a secret and stays out of it.
async function notify({ approval_id, document_name, requester }, logger) {
    await sns.send(new PublishCommand({
        TopicArn: process.env.SNS_TOPIC_ARN,
        Subject: `Approval needed: ${document_name}`.slice(0, 100),
        Message: JSON.stringify({ approval_id, document_name, requester }),
    }));
    logger.info(`approvers were told of ${approval_id}`);
}

async function pollUntilDecided(context, request) {
    const interval = Number(process.env.POLL_INTERVAL_SECONDS);
    await context.waitForCondition("decision", async () => (await records.get(request.approval_id)).status, {
        initialState: "pending",
        waitStrategy: (status) => {
            const left = request.expires_at - seconds();
            if (status !== "pending" || left <= 0) return { shouldContinue: false };
            return { shouldContinue: true, delay: { seconds: Math.max(1, Math.min(interval, left)) } };
        },
    });
}

async function sleepUntilDecided(decision) {
    try {
        await decision;
    } catch (error) {
        // Whether anybody decided in time, the record says.
        if (!(error instanceof CallbackTimeoutError)) throw error;
    }
}

export const handler = withDurableExecution(async (event, context) => {
    const { document_id, document_name, requester } = event;
    const timeout = Number(event.timeout_seconds ?? process.env.APPROVAL_TIMEOUT_SECONDS);
    const request = await context.step("request", async () => (
        { approval_id: randomUUID(), expires_at: seconds() + timeout, document_id, document_name, requester }));
    let decision;
    if (process.env.APPROVAL_WAIT_MODE === "callback") {
        [decision, request.callback_id] = await context.createCallback("decision", { timeout: { seconds: timeout } });
    }
    await context.step("create", () => records.create(request));
    await context.step("notify", (step) => notify(request, step.logger));
    await (decision ? sleepUntilDecided(decision) : pollUntilDecided(context, request));
    // Ends what is still pending as a timeout; what a person decided before that stands.
    return context.step("complete", () => records.expire(request.approval_id));
});
