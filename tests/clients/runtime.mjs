// A Lambda runtime for functions in JavaScript: `node runtime.mjs MODULE [NAME]` serves the function NAME that MODULE exports, `handler` unless you say.
// (AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes")
import http from "node:http";
import { pathToFileURL } from "node:url";

const [host, ...prefix] = process.env.AWS_LAMBDA_RUNTIME_API.split("/");
const base = `/${[...prefix, "2018-06-01", "runtime"].join("/")}`;
const agent = new http.Agent({ keepAlive: true });
const [hostname, port] = host.split(":");

function send(method, path, body) {
    return new Promise((resolve, reject) => {
        const request = http.request({ agent, hostname, port, method, path: base + path }, (response) => {
            const chunks = [];
            response.on("data", (chunk) => chunks.push(chunk));
            response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }));
        });
        request.on("error", reject);
        request.end(body);
    });
}

// What is thrown need not be an Error.
function bodyOf(thrown) {
    const { name = "Error", message = String(thrown), stack = "" } = Object(thrown);
    return JSON.stringify({ errorType: name, errorMessage: message, stackTrace: stack.split("\n") });
}

// An error goes to the log, and to whoever invokes.
async function fail(what, path, error) {
    console.error(JSON.stringify({ timestamp: new Date().toISOString(), level: "ERROR", message: what, ...JSON.parse(bodyOf(error)) }));
    await send("POST", path, bodyOf(error));
}

async function load(path, name = "handler") {
    const module = await import(pathToFileURL(path));
    if (typeof module[name] !== "function") {
        throw new TypeError(`${path} exports no function '${name}'. Another name stands behind the file: runtime.mjs ${path} lambda_handler`);
    }
    return module[name];
}

let handler;
try {
    handler = await load(...process.argv.slice(2));
} catch (error) {
    await fail("The function cannot be loaded.", "/init/error", error);
    process.exit(1);
}
while (true) {
    const next = await send("GET", "/invocation/next");
    if (next.status !== 200) process.exit(1);
    const { headers } = next;
    const id = headers["lambda-runtime-aws-request-id"];
    const deadline = Number(headers["lambda-runtime-deadline-ms"]);
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
    const context = {
        awsRequestId: id,
        invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
        functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
        functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
        memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
        logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
        logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
        clientContext: headers["lambda-runtime-client-context"] && JSON.parse(headers["lambda-runtime-client-context"]),
        identity: undefined,
        tenantId: headers["lambda-runtime-aws-tenant-id"],
        getRemainingTimeInMillis: () => deadline - Date.now(),
    };
    try {
        const answer = await handler(JSON.parse(next.body), context);
        await send("POST", `/invocation/${id}/response`, JSON.stringify(answer ?? null));
    } catch (error) {
        await fail("The handler failed.", `/invocation/${id}/error`, error);
    }
}
