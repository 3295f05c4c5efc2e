#include "world.hpp"

#include <boost/json.hpp>

namespace holdpoint::approvals::testing {

namespace {

constexpr std::string_view kApprovals =
    R"({"TableName":"approvals","AttributeDefinitions":[{"AttributeName":"approval_id","AttributeType":"S"},
        {"AttributeName":"status","AttributeType":"S"},{"AttributeName":"created_at","AttributeType":"S"},
        {"AttributeName":"expires_at","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"approval_id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST",
        "GlobalSecondaryIndexes":[{"IndexName":"StatusIndex","Projection":{"ProjectionType":"ALL"},
        "KeySchema":[{"AttributeName":"status","KeyType":"HASH"},{"AttributeName":"created_at","KeyType":"RANGE"}]},
        {"IndexName":"ExpiryIndex","Projection":{"ProjectionType":"ALL"},
        "KeySchema":[{"AttributeName":"status","KeyType":"HASH"},{"AttributeName":"expires_at","KeyType":"RANGE"}]}]})";
constexpr std::string_view kAudit =
    R"({"TableName":"audit","AttributeDefinitions":[{"AttributeName":"approval_id","AttributeType":"S"},
        {"AttributeName":"seq","AttributeType":"N"}],"BillingMode":"PAY_PER_REQUEST",
        "KeySchema":[{"AttributeName":"approval_id","KeyType":"HASH"},{"AttributeName":"seq","KeyType":"RANGE"}]})";

constexpr std::string_view kSettings =
    R"({"TableName":"settings","AttributeDefinitions":[{"AttributeName":"name","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"name","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})";

}  // namespace

aws::Configuration configuration_of_tests() {
    aws::Configuration configuration;
    configuration.credentials = {.access_key_id = "key", .secret_access_key = "secret", .session_token = {}};
    configuration.region = "us-east-1";
    configuration.endpoint_url = "http://127.0.0.1:1";
    return configuration;
}

Tables::Tables(const Clock& clock)
    : writer_(clock, *store_),
      service_(api::make_dynamodb_service({.clock = clock, .random = random_, .store = *store_, .writer = writer_})) {
    for (const std::string_view table : {kApprovals, kAudit, kSettings}) {
        (void)serve({.method = "POST",
                     .target = "/",
                     .headers = {{"X-Amz-Target", "DynamoDB_20120810.CreateTable"}},
                     .body = std::string(table)});
    }
}

std::expected<net::Response, net::TransportError> Tables::send(const net::Endpoint&, const net::Request& request,
                                                               const net::Timeouts&) {
    const std::string_view target = request.header("X-Amz-Target");
    if (before_call && !inside_) {
        inside_ = true;
        const bool goes_on = before_call(std::string(target.substr(target.find('.') + 1)));
        inside_ = false;
        if (!goes_on) return std::unexpected(net::TransportError{.message = "lost", .request_was_sent = false});
    }
    return serve(request);
}

net::Response Tables::serve(const net::Request& request) {
    std::promise<net::Response> answered;
    service_->handle({.request = request,
                      .caller = {.account = "000000000000",
                                 .arn = "arn:aws:iam::000000000000:user/t",
                                 .user_id = "t",
                                 .role_name = {}},
                      .authorize = [](const auto&...) -> Result<void> { return {}; },
                      .request_id = "r",
                      .respond = [&](net::Response response) { answered.set_value(std::move(response)); }});
    return answered.get_future().get();
}

std::string Answer::text(const std::string& path) const {
    const durable::Json* at = &body;
    std::string_view rest = path;
    while (at != nullptr && !rest.empty()) {
        const auto dot = std::min(rest.find('.'), rest.size());
        at = at->find(rest.substr(0, dot));
        rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    const std::string* text = at == nullptr ? nullptr : at->get_if<std::string>();
    return text == nullptr ? "" : *text;
}

World::World(WaitMode mode, Tables& tables, RunnersClock& clock, Random& random)
    : configuration{.tables = {.approvals = "approvals", .audit = "audit"},
                    .topic_arn = "arn:aws:sns:us-east-1:000000000000:t",
                    .api_function = "app-ApprovalApi",
                    .wait_mode = mode},
      runner(durable::detail::erase_handler([this](durable::Context& context, const durable::Json& event) {
                 return run_workflow(context, event, services_);
             }),
             {.execution_name = random.uuid()}),
      clock_(clock),
      client_(configuration_of_tests(), tables, clock, random, [](std::chrono::milliseconds) {}),
      repository_(make_repository(client_, configuration.tables, clock, random)),
      policies_(client_, "settings"),
      services_{.configuration = configuration,
                .repository = *repository_,
                .notifier = *this,
                .policies = policies_,
                .clock = clock},
      keys_(client_, "settings", clock, random),
      revoked_(client_, "settings", clock),
      ended_(client_, "settings"),
      sessions_(keys_, revoked_, ended_, clock, random),
      limits_(clock),
      levels_(*repository_, clock) {}

Answer World::api(const std::string& event) {
    const auto silent = std::make_shared<const std::atomic<bool>>(true);
    const ApiAnswer answer =
        handle_api(durable::Json::parse(event), {.repository = *repository_, .workflows = *this, .clock = clock_},
                   durable::Logger({}, silent));
    return {.status = answer.statusCode, .body = durable::Json::parse(answer.body)};
}

HttpAnswer World::web(const HttpRequest& request) {
    const auto silent = std::make_shared<const std::atomic<bool>>(true);
    return handle_web(request, web_services(), durable::Logger({}, silent));
}

Answer World::decide(const std::string& decision, const std::string& approver, const std::string& comments) {
    const boost::json::object event{{"action", "decide"},
                                    {"approval_id", approval_id()},
                                    {"decision", decision},
                                    {"approver", approver},
                                    {"comments", comments}};
    return api(boost::json::serialize(event));
}

void World::start(std::int64_t timeout_seconds) {
    const boost::json::object event{{"document_id", "doc-123"},
                                    {"document_name", "Q4 Budget Proposal"},
                                    {"requester", "user@example.com"},
                                    {"timeout_seconds", timeout_seconds}};
    runner.start(boost::json::serialize(event));
}

std::optional<ApprovalRequest> World::record() {
    const auto found = repository_->find(approval_id());
    return found ? *found : std::nullopt;
}

std::vector<AuditRecord> World::trail() {
    return repository_->trail(approval_id()).value_or(std::vector<AuditRecord>{});
}

std::vector<std::string> World::trail_events() {
    std::vector<std::string> events;
    for (const AuditRecord& record : trail()) events.push_back(record.event);
    return events;
}

WorkflowResult World::result() const {
    return durable::from_json<WorkflowResult>(durable::Json::parse(runner.result()));
}

std::string World::approval_id() const {
    return notifications.empty() ? "" : notifications.front().attributes.at("approval_id");
}

Result<void> World::publish(const Notification& notification) {
    notifications.push_back(notification);
    return on_publish ? on_publish() : Result<void>{};
}

Result<std::size_t> World::tell(const ApprovalRequest& approval, Occasion occasion) {
    if (on_tell) {
        if (auto told = on_tell(); !told) return std::unexpected(told.error());
    }
    auto people = people_to_tell(approval, occasion, clock_.now());
    const std::size_t count = people.size();
    if (count > 0) told_people.push_back(std::move(people));
    return count;
}

Result<void> World::tell_requester(const ApprovalRequest& approval) {
    to_requester.push_back(requester_notification(approval, "https://inbox/#/link/x"));
    return on_tell_requester ? on_tell_requester() : Result<void>{};
}

Result<bool> World::is_running(const std::string& execution_arn) {
    return runner.execution().head().arn == execution_arn && runner.is_running();
}

Result<void> World::resume(const std::string& callback_token, const std::string& decision) {
    ++resumes;
    if (std::exchange(lose_next_resume, false)) return fail("TransportError", 0, "lost");
    try {
        runner.succeed_callback(callback_token, decision);
    } catch (const std::exception&) {
        // Answered, timed out or over before, which is success: the record says what was decided.
    }
    return {};
}

}  // namespace holdpoint::approvals::testing
