#include "sim/notices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "topics/deliveries.hpp"
#include "topics/publish.hpp"
#include "topics/subscriptions.hpp"
#include "topics/topics.hpp"

namespace holdpoint::sim {

using namespace std::chrono_literals;

namespace {

/// More than will ever be dead.
constexpr std::size_t kDeadLettersMax = 1000;

std::string topic() {
    return topics::topic_arn({.region = kRegion, .account = kAccount}, "notices");
}

}  // namespace

void Notices::deploy(store::Transaction& rows, TimePoint now) {
    rows.apply(
        topics::create_topic(rows, {.region = kRegion, .account = kAccount}, {.name = "notices", .attributes = {}}, now)
            ->writes);
    const topics::Subscribe request{
        .topic_arn = topic(), .protocol = "http", .endpoint = "http://subscriber/", .attributes = {}};
    rows.apply(topics::subscribe(rows, request, kAccount, now, "nonce")->writes);
    for (const topics::Delivery& asked : topics::due_deliveries(rows, topics::Lane::endpoints, now, 1)) {
        const auto subscription = topics::find_subscription(rows, topic(), asked.subscription_id);
        rows.apply(topics::confirm_subscription(rows, topic(), subscription->token, false, now)->writes);
        rows.apply(topics::finish_delivery(rows, asked));
    }
}

void Notices::publish(const std::string& message) {
    ++busy_;
    nature_.schedule.after(nature_.chance.between(0s, 90s), [this, message] { send(message); });
}

void Notices::send(const std::string& message) {
    const Serve serve = [this, message](Server& server, const net::Respond& respond) {
        const std::string form = fmt::format("Action=Publish&TopicArn={}&Message={}", percent_encode(topic()), message);
        server.topics().handle(as_user({.method = "POST", .target = "/", .headers = {}, .body = form},
                                       [this, message, respond](const net::Response& response) {
                                           if (response.status == 200) acknowledged_.insert(message);
                                           respond(response);
                                       }));
    };
    network_.call("publish " + message, serve, [this, message](const std::optional<net::Response>& response) {
        if (response) {
            --busy_;
            return;
        }
        nature_.schedule.after(nature_.chance.between(100ms, 2s), [this, message] { send(message); });
    });
}

std::expected<net::Response, net::TransportError> Notices::receive(const net::Request& request) {
    Chance& chance = nature_.chance;
    if (chance.fault(250, "the subscriber is away")) {
        return std::unexpected(net::TransportError{.message = "no connection", .request_was_sent = false});
    }
    if (chance.fault(100, "the subscriber is broken"))
        return net::Response{.status = 500, .headers = {}, .body = "\xff"};
    if (chance.fault(30, "the subscriber refuses")) return net::Response{.status = 404, .headers = {}, .body = {}};
    const std::string message(boost::json::parse(request.body).at("Message").as_string());
    nature_.trace.event("the subscriber gets " + message);
    received_.insert(message);
    if (chance.fault(50, "the subscriber's answer is lost")) {
        return std::unexpected(net::TransportError{.message = "no answer", .request_was_sent = true});
    }
    return net::Response{.status = 200, .headers = {}, .body = {}};
}

std::vector<std::string> Notices::broken_laws(const RowReader& rows) const {
    std::vector<std::string> broken;
    const auto dead = topics::dead_letters(rows, kDeadLettersMax);
    for (const std::string& message : acknowledged_) {
        const bool is_kept = received_.contains(message) ||
                             std::ranges::any_of(dead, [&](const auto& letter) { return letter.message == message; });
        if (!is_kept) broken.push_back("a notice that was taken arrives, or is a dead letter: " + message);
    }
    if (topics::next_delivery_due(rows, topics::Lane::endpoints))
        broken.push_back("no delivery is left when everything has ended");
    return broken;
}

}  // namespace holdpoint::sim
