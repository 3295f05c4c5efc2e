// The table of approval requests. Of all decisions and the timeout, the first that finds a request pending wins.
import { ConditionalCheckFailedException, DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";

const client = new DynamoDBClient();
const TableName = process.env.APPROVALS_TABLE_NAME;
const now = () => Math.floor(Date.now() / 1000);

const toItem = (record) => Object.fromEntries(Object.entries(record).map(
    ([name, value]) => [name, typeof value === "number" ? { N: String(value) } : { S: value }]));
const fromItem = (item) => Object.fromEntries(Object.entries(item).map(
    ([name, value]) => [name, value.N === undefined ? value.S : Number(value.N)]));

// What anybody may see of a record: all but what resumes its workflow.
export const visible = ({ callback_id, ...rest }) => rest;

// False when the condition did not hold.
async function write(command) {
    try {
        await client.send(command);
        return true;
    } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
    }
}

// Once: a step that runs again after a crash finds its record there.
export async function create(request) {
    const Item = toItem({ ...request, status: "pending", created_at: now() });
    await write(new PutItemCommand({ TableName, Item, ConditionExpression: "attribute_not_exists(approval_id)" }));
}

export async function get(approvalId) {
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: toItem({ approval_id: approvalId }), ConsistentRead: true }));
    return Item && fromItem(Item);
}

export async function pending() {
    const { Items } = await client.send(new QueryCommand({
        TableName, IndexName: "StatusIndex", KeyConditionExpression: "#status = :pending",
        ExpressionAttributeNames: { "#status": "status" }, ExpressionAttributeValues: { ":pending": { S: "pending" } },
    }));
    return Items.map((item) => visible(fromItem(item)));
}

// Writes how a pending request ended. False: it had ended before (or, `inTime`, is over).
async function end(approvalId, inTime, outcome) {
    const names = Object.keys(outcome);
    return write(new UpdateItemCommand({
        TableName,
        Key: toItem({ approval_id: approvalId }),
        ConditionExpression: "#status = :pending" + (inTime ? " AND expires_at > :now" : ""),
        UpdateExpression: "SET decided_at = :now, " + names.map((name) => `#${name} = :${name}`).join(", "),
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: toItem({ ...Object.fromEntries(names.map((name) => [`:${name}`, outcome[name]])), ":pending": "pending", ":now": now() }),
    }));
}

export const decide = (approvalId, decision, approver, comments) => end(approvalId, true, { status: decision, approver, comments });

export async function expire(approvalId) {
    await end(approvalId, false, { status: "timeout" });
    return visible(await get(approvalId));
}
