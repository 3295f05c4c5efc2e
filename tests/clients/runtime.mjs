// A Lambda runtime for functions in JavaScript: `node runtime.mjs MODULE` serves the `handler` that MODULE exports.
// (AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes")
import http from "node:http";
import { pathToFileURL } from "node:url";

const [host, ...prefix] = process.env.AWS_LAMBDA_RUNTIME_API.split("/");
const base = `/${[...prefix, "2018-06-01", "runtime", "invocation"].join("/")}`;
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

const { handler } = await import(pathToFileURL(process.argv[2]));
while (true) {
    const next = await send("GET", "/next");
    if (next.status !== 200) process.exit(1);
    const id = next.headers["lambda-runtime-aws-request-id"];
    const deadline = Number(next.headers["lambda-runtime-deadline-ms"]);
    const context = {
        awsRequestId: id,
        invokedFunctionArn: next.headers["lambda-runtime-invoked-function-arn"],
        functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
        functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
        tenantId: next.headers["lambda-runtime-aws-tenant-id"],
        getRemainingTimeInMillis: () => deadline - Date.now(),
    };
    try {
        const answer = await handler(JSON.parse(next.body), context);
        await send("POST", `/${id}/response`, JSON.stringify(answer ?? null));
    } catch (error) {
        console.error(JSON.stringify({ timestamp: new Date().toISOString(), level: "ERROR", message: "The handler failed.", errorType: error.name,
                                       errorMessage: error.message, stackTrace: (error.stack ?? "").split("\n") }));
        await send("POST", `/${id}/error`, JSON.stringify({ errorType: error.name, errorMessage: error.message, stackTrace: (error.stack ?? "").split("\n") }));
    }
}
