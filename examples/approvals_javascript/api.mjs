// The approval API function: {"action": "decide" | "get" | "list", ...} answers {"statusCode", "body"}. It is a plain function, not a durable one.
import { CallbackTimeoutException, LambdaClient, SendDurableExecutionCallbackSuccessCommand } from "@aws-sdk/client-lambda";
import * as records from "./records.mjs";

const client = new LambdaClient();
const answer = (statusCode, body) => ({ statusCode, body: JSON.stringify(body) });

// Wakes the workflow of a decided request. Whether it still waits does not matter: the record says what was decided.
async function resume({ callback_id, status }) {
    if (!callback_id) return;
    try {
        await client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: callback_id, Result: JSON.stringify(status) }));
    } catch (error) {
        if (!(error instanceof CallbackTimeoutException)) throw error;
    }
}

async function decide({ approval_id, decision, approver, comments = "" }) {
    if (!["approved", "rejected"].includes(decision) || !approver) {
        return answer(400, { error: "A decision is 'approved' or 'rejected', and needs an 'approver'." });
    }
    if (!(await records.get(approval_id))) return answer(404, { error: `There is no approval request ${approval_id}.` });
    const won = await records.decide(approval_id, decision, approver, comments);
    const record = await records.get(approval_id);
    const same = record.status === decision && record.approver === approver;
    if (!won && !same) {
        const outcome = record.status === "pending" ? "expired" : record.status;
        return answer(409, { error: `The request is ${outcome} already.`, status: outcome });
    }
    await resume(record); // also when the same decision comes again: its first try may have ended before this line
    return answer(200, records.visible(record));
}

export async function handler(event) {
    if (event.action === "decide") return decide(event);
    if (event.action === "get") {
        const record = await records.get(event.approval_id);
        return record ? answer(200, records.visible(record)) : answer(404, { error: "There is no such approval request." });
    }
    if (event.action === "list") return answer(200, await records.pending());
    return answer(400, { error: "'action' is 'decide', 'get' or 'list'." });
}
