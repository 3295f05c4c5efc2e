// The approval and the ten steps on Restate, as its documentation writes them; serves on PORT, for its server to call.
import * as restate from "@restatedev/restate-sdk";

// Its SDK wants it, and node has it from version 22 on.
Promise.withResolvers ??= () => {
    const made = {};
    made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
    return made;
};

const approval = restate.workflow({
    name: "approval",
    handlers: {
        run: async (ctx, request) => {
            ctx.set("record", { ...request, status: "pending" });
            await ctx.run("notify", () => notify(request.notify_url, ctx.key));
            const decision = await ctx.promise("decision").get().orTimeout(300_000);
            ctx.set("record", { ...request, status: decision });
            return { decision };
        },
        read: restate.handlers.workflow.shared(async (ctx) => ctx.get("record")),
        decide: restate.handlers.workflow.shared(async (ctx, decision) => ctx.promise("decision").resolve(decision)),
    },
});

const steps = restate.service({
    name: "steps",
    handlers: {
        run: async (ctx, count) => {
            let sum = 0;
            for (let i = 0; i < count; i++) sum += await ctx.run("step", () => 1);
            return sum;
        },
    },
});

async function notify(url, id) {
    const answer = await fetch(url, { method: "POST", body: JSON.stringify({ id }) });
    if (!answer.ok) throw new Error(`the subscriber answered ${answer.status}`);
}

restate.serve({ services: [approval, steps], port: Number(process.env.PORT) });
