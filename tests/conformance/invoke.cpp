// Invokes of other functions, and the functions that they invoke.
#include <algorithm>
#include <cctype>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>

#include "functions.hpp"

namespace conformance {

namespace {

using durable::Context;
using durable::Json;
using namespace std::chrono_literals;

constexpr std::string_view kEcho = "conf-target-echo:$LATEST";
constexpr std::string_view kFail = "conf-target-fail:$LATEST";
constexpr std::string_view kTenant = "conf-target-tenant:$LATEST";

struct NameAndPayload {
    std::string name;
    std::string payload;
};
BOOST_DESCRIBE_STRUCT(NameAndPayload, (), (name, payload))
struct TenantAndPayload {
    std::string tenantId;
    std::string payload;
};
BOOST_DESCRIBE_STRUCT(TenantAndPayload, (), (tenantId, payload))

std::string upper_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

Json basic(Context& context, Json event) {
    return context.invoke<Json>("", kEcho, event);
}

std::string named(Context& context, NameAndPayload event) {
    return context.invoke<std::string>(event.name, kEcho, event.payload);
}

Json null_payload(Context& context, Json) {
    return context.invoke<Json>("", kEcho, Json());
}

Json failure(Context& context, Json event) {
    return context.invoke<Json>("", kFail, event);
}

std::size_t large_payload(Context& context, Json) {
    return context.invoke<std::string>("", kEcho, std::string(1'000'000, 'x')).size();
}

std::string tenant(Context& context, TenantAndPayload event) {
    return context.invoke<std::string>("", kTenant, event.payload, {.tenant_id = event.tenantId});
}

std::string caught_failure(Context& context, Json event) {
    std::string caught;
    try {
        (void)context.invoke<Json>("", kFail, event);
    } catch (const durable::InvokeError& error) {
        caught = error.info().type;
    }
    context.wait("", 1s);
    return caught;
}

std::string after_a_step(Context& context, Json) {
    const std::string made = context.step("", [] { return std::string("made by a step"); });
    return context.invoke<std::string>("", kEcho, made);
}

std::string in_a_child(Context& context, Json) {
    return context.run_in_child_context(
        "child", [](Context& child) { return child.invoke<std::string>("", kEcho, std::string("from a child")); });
}

std::string two_in_turn(Context& context, Json) {
    const auto first = context.invoke<std::string>("", kEcho, std::string("first"));
    return context.invoke<std::string>("", kEcho, first + " and second");
}

std::string own_format(Context& context, std::string text) {
    return context.invoke<std::string>(
        "", kEcho, text,
        {.result_serdes = {.deserialize = [](const std::string& answer, const auto&) { return upper_case(answer); }}});
}

Json echo(Context&, Json event) {
    return event;
}

void fail(Context&, Json) {
    throw std::runtime_error("the target fails");
}

/// Answers its event after as many seconds as it says, or two.
Json slow_echo(Context& context, Json event) {
    const Json* seconds = event.find("seconds");
    const std::int64_t* said = seconds ? seconds->get_if<std::int64_t>() : nullptr;
    context.wait("", said ? std::chrono::seconds(*said) : 2s);
    return event;
}

/// Answers its event after two seconds, too, but its process is busy meanwhile. It is no durable function.
Json plain_echo(durable::LambdaContext&, Json event) {
    std::this_thread::sleep_for(2s);
    return event;
}

Json plain_fail(durable::LambdaContext&, Json) {
    throw durable::Error("NoLuck", "the plain target fails");
}

struct Call {
    std::string function;
    Json payload;
};
BOOST_DESCRIBE_STRUCT(Call, (), (function, payload))

/// Invokes whatever it is told to, and says how that ended.
std::string any_function(Context& context, Call call) {
    try {
        return "answered " + context.invoke<Json>("call", call.function, call.payload).dump();
    } catch (const durable::InvokeTimedOutError& error) {
        return "timed out " + error.info().type + ": " + error.what();
    } catch (const durable::InvokeStoppedError& error) {
        return "stopped " + error.info().type + ": " + error.what();
    } catch (const durable::InvokeFailedError& error) {
        return "failed " + error.info().type + ": " + error.what();
    }
}

}  // namespace

std::vector<Function> invoke_functions() {
    return {
        function("5-1", basic),
        function("5-2", named),
        function("5-4", null_payload),
        function("5-5", failure),
        function("5-7", large_payload),
        function("5-8", tenant),
        function("5-10", caught_failure),
        function("5-11", after_a_step),
        function("5-13", in_a_child),
        function("5-14", two_in_turn),
        function("5-16", own_format),
        function("target-echo", echo),
        function("target-fail", fail),
        function("target-tenant", echo),
        function("target-slow", slow_echo),
        function("target-short", slow_echo),
        function("caller", any_function),
        {"target-plain", [] { return durable::run_lambda(plain_echo); }},
        {"target-plain-fail", [] { return durable::run_lambda(plain_fail); }},
    };
}

}  // namespace conformance
