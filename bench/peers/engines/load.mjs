// Loads another engine as approvals_load and steps_load do Holdpoint: whole approvals, or ten sequential steps, in a closed loop.
// Usage: load.mjs restate|dbos URL approvals|steps CLIENTS SECONDS; prints JSON. The notifications arrive in this process.
import http from "node:http";
import { randomUUID } from "node:crypto";

const [engine, url, workload, clientsText, secondsText] = process.argv.slice(2);
const clients = Number(clientsText);
const seconds = Number(secondsText);
const kWarmUpSeconds = 2;
const kStepsEach = 10;
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });

function call(method, path, body) {
    return new Promise((resolve, reject) => {
        const request = http.request(url + path, { method, agent, headers: { "content-type": "application/json" } }, (response) => {
            let text = "";
            response.on("data", (piece) => (text += piece));
            response.on("end", () => {
                if (response.statusCode >= 300) return reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
                resolve(text === "" ? undefined : JSON.parse(text));
            });
        });
        request.on("error", reject);
        request.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

const engines = {
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
    waiting.get(JSON.parse(body).id)?.();
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
