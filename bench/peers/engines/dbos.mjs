// The approval and the ten steps on DBOS, as its documentation writes them, over PostgreSQL; an HTTP server on PORT.
import http from "node:http";
import { DBOS } from "@dbos-inc/dbos-sdk";

async function notify(url, id) {
    const answer = await fetch(url, { method: "POST", body: JSON.stringify({ id }) });
    if (!answer.ok) throw new Error(`the subscriber answered ${answer.status}`);
}

const approval = DBOS.registerWorkflow(async (request) => {
    await DBOS.setEvent("record", { ...request, status: "pending" });
    await DBOS.runStep(() => notify(request.notify_url, DBOS.workflowID), { name: "notify" });
    const decision = await DBOS.recv("decision", 300);
    await DBOS.setEvent("record", { ...request, status: decision });
    return { decision };
}, { name: "approval" });

const steps = DBOS.registerWorkflow(async (count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += await DBOS.runStep(async () => 1, { name: "step" });
    return sum;
}, { name: "steps" });

const started = new Map();

const routes = {
    "POST submit": async (id, request) => {
        started.set(id, await DBOS.startWorkflow(approval, { workflowID: id })(request));
        return {};
    },
    "GET read": (id) => DBOS.getEvent(id, "record", 10),
    "POST decide": async (id, decision) => {
        await DBOS.send(id, decision, "decision", id);
        return {};
    },
    // Asked for by its id alone, a result is looked for once a second; who started it is told at once.
    "GET result": async (id) => {
        const result = await started.get(id).getResult();
        started.delete(id);
        return result;
    },
    "POST steps": (id, count) => steps(count),
};

DBOS.setConfig({ name: "peer", systemDatabaseUrl: process.env.DATABASE_URL, logLevel: "error", runAdminServer: false });
await DBOS.launch();
http.createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const [, action, id] = request.url.split("/");
    try {
        const answer = await routes[`${request.method} ${action}`](id, body === "" ? undefined : JSON.parse(body));
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer ?? null));
    } catch (error) {
        response.writeHead(500).end(String(error));
    }
}).listen(Number(process.env.PORT), "127.0.0.1");
