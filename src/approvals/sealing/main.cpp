// audit_seal: the function that seals the audit trail periodically.
#include <cstdio>
#include <stdexcept>

#include "approvals/configuration.hpp"
#include "approvals/sealing/sealing.hpp"
#include "base/scratch_file.hpp"
#include "durable/lambda.hpp"

using namespace holdpoint;

namespace {

using durable::Json;

/// Throws when the trail is not whole: a failed invocation is what alarms are made of.
Json tell(const approvals::Sealing& sealing, const durable::Logger& logger) {
    if (sealing.statement) {
        // The log keeps the hash, outside of the tables that it vouches for.
        const approvals::HeadStatement& statement = *sealing.statement;
        logger.info(sealing.is_new ? "sealed" : "nothing new to seal", {{"number", std::to_string(statement.number)},
                                                                        {"at", statement.at},
                                                                        {"chains", std::to_string(sealing.chains)},
                                                                        {"hash", statement.hash}});
    }
    for (const std::string& problem : sealing.problems) logger.error("problem", {{"problem", problem}});
    if (!sealing.problems.empty()) {
        throw std::runtime_error("the audit trail is not as it was written: " +
                                 std::to_string(sealing.problems.size()) + " problems, which the log names");
    }
    if (!sealing.statement) return Json(Json::Object{});
    const approvals::HeadStatement& statement = *sealing.statement;
    return Json(Json::Object{{"number", Json(statement.number)},
                             {"hash", Json(statement.hash)},
                             {"chains", Json(sealing.chains)},
                             {"is_new", Json(sealing.is_new)}});
}

}  // namespace

int main() {
    const auto tables = approvals::table_names();
    auto configuration = aws::configuration_from_environment();
    if (!tables || !configuration) {
        const Error& error = !tables ? tables.error() : configuration.error();
        std::fprintf(stderr, "audit_seal: %s\n", error.message.c_str());
        return 1;
    }
    const auto transport = net::make_transport();
    const SystemClock clock;
    SystemRandom random;
    aws::Client client(std::move(*configuration), *transport, clock, random);
    approvals::AuditStore store(client, tables->audit, approvals::settings_table());
    approvals::SigningKeys keys(client, approvals::settings_table(), clock, random);
    return durable::run_lambda([&](durable::LambdaContext& context, const Json&) {
        Json told;
        with_scratch_files([&](const approvals::Scratch& scratch) {
            const auto sealing = approvals::seal(store, keys, clock, scratch);
            if (!sealing) throw std::runtime_error(sealing.error().name + ": " + sealing.error().message);
            told = tell(*sealing, context.logger());
        });
        return told;
    });
}
