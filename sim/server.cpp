#include "sim/server.hpp"

#include <fmt/format.h>

#include "api/dynamodb/dynamodb.hpp"
#include "api/sns/sns.hpp"

namespace holdpoint::sim {

namespace {

core::Limits limits() {
    core::Limits limits;
    limits.envelope_bytes = 1500;         // histories are short here, and are to come in pages all the same
    limits.consecutive_failures = 10000;  // a world without faults would not give up either
    return limits;
}

}  // namespace

Server::Engine::Engine(Nature& nature, Random& ids, Disk& disk, engine::Workforce& workforce,
                       net::Transport& subscribers)
    : writer(nature.clock, disk, engine::WriterThread::none),
      timers(nature.clock, disk),
      executions(
          ids, writer, timers, workforce, limits(), [](const auto&...) { return Result<void>(); }, kRegion, kAccount),
      events(
          ids, writer, workforce, [](const functions::Function&, const std::string&) {},
          [](const auto&...) { return Result<void>(); }, kRegion, kAccount),
      deliveries(
          nature.clock, disk, writer, subscribers, {},
          [](const std::string&, const std::string&) { return std::expected<void, std::string>{}; },
          [](const mail::Mail&, const topics::Delivery&) { return mail::Sent{.accepted = true}; }, {.threads = 0}),
      tables(api::make_dynamodb_service({.clock = nature.clock, .random = ids, .store = disk, .writer = writer})),
      topics(api::make_sns_service({.clock = nature.clock, .random = ids, .store = disk, .writer = writer}, [] {})) {}

void Server::start() {
    ++boot_;
    nature_.trace.event(fmt::format("server starts, {}", boot_));
    engine_ = std::make_unique<Engine>(nature_, ids_, disk_, workforce_, subscribers_);
    engine_->executions.recover();
    each_second(boot_);
}

void Server::each_second(std::uint64_t boot) {
    if (!engine_ || boot != boot_) return;
    const auto rows = disk_.snapshot();
    if (!rows->scan(Space::events, {}, {}, 1).empty()) engine_->events.run_due();
    if (!rows->scan(Space::deliveries, {}, {}, 1).empty()) engine_->deliveries.send_due();
    nature_.schedule.after(Milliseconds(1000), [this, boot] { each_second(boot); });
}

void Server::crash() {
    engine_.reset();
    on_crash_();
    nature_.schedule.after(nature_.chance.between(Milliseconds(10), Milliseconds(6000)), [this] { start(); });
}

std::optional<Milliseconds> Server::timers_at() const {
    if (!engine_) return std::nullopt;
    return nature_.clock.monotonic() + engine_->timers.sleep();
}

void Server::fire_due() {
    engine_->timers.fire_due([this](std::uint64_t number) {
        nature_.trace.event(fmt::format("due: execution {}", number));
        engine_->executions.fire(number);
    });
}

void Server::plan_writer() {
    if (writer_planned_ || !engine_ || !engine_->writer.has_queued()) return;
    writer_planned_ = true;
    nature_.schedule.after(nature_.chance.between(Milliseconds(0), Milliseconds(3)), [this] { run_writer(); });
}

void Server::run_writer() {
    writer_planned_ = false;
    if (!engine_) return;  // it crashed meanwhile
    try {
        engine_->writer.run_queued();
    } catch (const ServerCrash&) {
        crash();
    }
}

api::Call as_user(net::Request request, net::Respond respond) {
    return {.request = std::move(request),
            .caller = {.account = kAccount, .arn = "arn:aws:iam::000000000000:user/s", .user_id = "s", .role_name = {}},
            .authorize = [](const auto&...) -> Result<void> { return {}; },
            .request_id = "r",
            .respond = std::move(respond)};
}

}  // namespace holdpoint::sim
