// Loads an engine: whole approvals, or ten sequential steps, in a closed loop.
// Usage: load.mjs holdpoint|restate|dbos URL approvals|steps CLIENTS SECONDS; prints JSON. The notifications arrive in this process.
import http from "node:http";
import { createHash, createHmac, randomUUID } from "node:crypto";

const [engine, url, workload, clientsText, secondsText] = process.argv.slice(2);
const clients = Number(clientsText);
const seconds = Number(secondsText);
const kWarmUpSeconds = 2;
const kStepsEach = 10;
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });

function send(method, path, text, headers = {}) {
    return new Promise((resolve, reject) => {
        const request = http.request(url + path, { method, agent, headers: { "content-type": "application/json", ...headers } }, (response) => {
            let text = "";
            response.on("data", (piece) => (text += piece));
            response.on("end", () => {
                if (response.statusCode >= 300) return reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
                resolve({ headers: response.headers, body: text === "" ? undefined : JSON.parse(text) });
            });
        });
        request.on("error", reject);
        request.end(text);
    });
}

const call = async (method, path, body) => (await send(method, path, body === undefined ? undefined : JSON.stringify(body))).body;

/// A request to Lambda, signed with AWS's Signature Version 4; the credentials are those of `holdpoint env`.
function lambda(method, path, query, body, headers = {}) {
    const { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, AWS_DEFAULT_REGION: region } = process.env;
    const text = body === undefined ? "" : JSON.stringify(body);
    const moment = new Date().toISOString().replace(/[:-]|\.\d+/g, "");
    const scope = `${moment.slice(0, 8)}/${region}/lambda/aws4_request`;
    const sha256 = (what) => createHash("sha256").update(what).digest("hex");
    const hmac = (by, what) => createHmac("sha256", by).update(what).digest();
    const signed = { host: new URL(url).host, "x-amz-date": moment, ...headers };
    const names = Object.keys(signed).sort();
    const canonical = [method, path.replace(/%/g, "%25"), query, ...names.map((name) => `${name}:${signed[name]}`), "", names.join(";"), sha256(text)];
    const by = scope.split("/").reduce(hmac, `AWS4${secret}`);
    const signature = hmac(by, ["AWS4-HMAC-SHA256", moment, scope, sha256(canonical.join("\n"))].join("\n")).toString("hex");
    const authorization = `AWS4-HMAC-SHA256 Credential=${key}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
    return send(method, path + (query && `?${query}`), text, { ...signed, authorization });
}

const invoke = (body, headers) => lambda("POST", "/2015-03-31/functions/bench-cpp/invocations", "Qualifier=%24LATEST", body, headers);
const executions = new Map();  // id -> the execution's ARN, what it was started with, and the callback's id once that is known

/// The execution itself is the record, and its callback the decision. An invocation by the name of an execution that is there waits for its result.
const holdpoint = {
    submit: async (id, { notify_url }) => {
        const { hostname, port } = new URL(notify_url);
        const event = { workflow: "approval", count: 300, subscriber: { host: hostname, port, id } };
        const { headers } = await invoke(event, { "x-amz-invocation-type": "Event", "x-amz-durable-execution-name": id });
        executions.set(id, { ...executions.get(id), event, arn: encodeURIComponent(headers["x-amz-durable-execution-arn"]) });
    },
    notified: (id, { callback_id }) => executions.set(id, { ...executions.get(id), callback: encodeURIComponent(callback_id) }),
    read: async (id) => {
        const { body } = await lambda("GET", `/2025-12-01/durable-executions/${executions.get(id).arn}`, "");
        return { status: body.Status === "RUNNING" ? "pending" : body.Status };
    },
    decide: (id) => lambda("POST", `/2025-12-01/durable-execution-callbacks/${executions.get(id).callback}/succeed`, "", 1),
    result: async (id) => {
        const { body } = await invoke(executions.get(id).event, { "x-amz-durable-execution-name": id });
        executions.delete(id);
        return { decision: body === 1 ? "approved" : body };
    },
    steps: async () => (await invoke({ workflow: "steps", count: kStepsEach })).body,
};

const engines = {
    holdpoint,
    restate: {
        submit: (id, request) => call("POST", `/approval/${id}/run/send`, request),
        read: (id) => call("POST", `/approval/${id}/read`),
        decide: (id) => call("POST", `/approval/${id}/decide`, "approved"),
        result: (id) => call("GET", `/restate/workflow/approval/${id}/attach`),
        steps: () => call("POST", "/steps/run", kStepsEach),
    },
    dbos: {
        submit: (id, request) => call("POST", `/submit/${id}`, request),
        read: (id) => call("GET", `/read/${id}`),
        decide: (id) => call("POST", `/decide/${id}`, "approved"),
        result: (id) => call("GET", `/result/${id}`),
        steps: (id) => call("POST", `/steps/${id}`, kStepsEach),
    },
};
const { submit, read, decide, result, steps } = engines[engine];

const waiting = new Map();  // id -> what to call once its notification is here
const sink = http.createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    response.end();
    const notification = JSON.parse(body);
    engines[engine].notified?.(notification.id, notification);
    waiting.get(notification.id)?.();
});
await new Promise((listening) => sink.listen(0, "127.0.0.1", listening));
const notifyUrl = `http://127.0.0.1:${sink.address().port}/`;

async function approve() {
    const id = randomUUID();
    const notified = new Promise((resolve) => waiting.set(id, resolve));
    await submit(id, { document_id: "doc-1", document_name: "Contract", requester: "omar@example.com", notify_url: notifyUrl });
    await notified;
    waiting.delete(id);
    let record = null;
    while (record === null) record = await read(id);  // an engine may tell before its state is written
    if (record.status !== "pending") throw new Error(`the record says ${record.status}`);
    await decide(id);
    const { decision } = await result(id);
    if (decision !== "approved") throw new Error(`the workflow answered ${decision}`);
}

async function run_steps() {
    const sum = await steps(randomUUID());
    if (sum !== kStepsEach) throw new Error(`the steps make ${sum}`);
}

const once = workload === "approvals" ? approve : run_steps;
const from = performance.now() + kWarmUpSeconds * 1000;
const to = from + seconds * 1000;
const milliseconds = [];
async function client() {
    while (performance.now() < to) {
        const began = performance.now();
        await once();
        const ended = performance.now();
        if (ended >= from && ended < to) milliseconds.push(ended - began);
    }
}
await Promise.all(Array.from({ length: clients }, client));
milliseconds.sort((a, b) => a - b);
const at = (share) => Math.round(milliseconds[Math.min(milliseconds.length - 1, Math.floor(share * milliseconds.length))] * 10) / 10;
const perSecond = milliseconds.length / seconds;
console.log(JSON.stringify({
    engine, workload, clients, seconds,
    ...(workload === "approvals" ? { approvals_per_second: perSecond } : { steps_per_second: perSecond * kStepsEach }),
    milliseconds: { p50: at(0.5), p95: at(0.95), p99: at(0.99) },
}));
process.exit(0);
