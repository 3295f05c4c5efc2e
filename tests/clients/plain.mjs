// A function without durability, which the workflows invoke.
export async function handler(event, context) {
    event = Object.fromEntries(Object.entries(event).map(([key, value]) => [key.toLowerCase(), value]));
    if ("fail" in event) throw Object.assign(new Error(event.fail), { name: "LookupError" });
    return { echo: event.echo, tenant: context.tenantId ?? null, process: process.pid };
}
