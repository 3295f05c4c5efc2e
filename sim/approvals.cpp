#include "sim/approvals.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>

#include "core/rows.hpp"

namespace holdpoint::sim {

using namespace std::chrono_literals;
using approvals::ApprovalRequest;
using approvals::WaitMode;

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
constexpr const char* kComments = "because";
constexpr std::string_view kInStages = " in stages";
constexpr std::string_view kStages =
    R"({"name":"stages","stages":[{"name":"first","approvers":{"people":["ann"]}},
        {"name":"second","approvers":{"people":["bob"]}}]})";

approvals::TableNames tables() {
    return {.approvals = "approvals", .audit = "audit"};
}

std::string text_of(const durable::Json& body, std::initializer_list<std::string_view> path) {
    const durable::Json* at = &body;
    for (const std::string_view member : path) at = at == nullptr ? nullptr : at->find(member);
    const std::string* text = at == nullptr ? nullptr : at->get_if<std::string>();
    return text == nullptr ? "" : *text;
}

}  // namespace

bool is_approval(const std::string& function) {
    return function == kPolling || function == kCallback;
}

Approvals::Approvals(Nature& nature, Random& ids, Processes& processes)
    : nature_(nature), ids_(ids), processes_(processes) {}

std::vector<net::Request> Approvals::table_requests() {
    std::vector<net::Request> requests;
    for (const std::string_view table : {kApprovals, kAudit}) {
        requests.push_back({.method = "POST",
                            .target = "/",
                            .headers = {{"X-Amz-Target", "DynamoDB_20120810.CreateTable"}},
                            .body = std::string(table)});
    }
    return requests;
}

std::string Approvals::event(const std::string& document, bool in_stages) {
    boost::json::object event{{"document_id", document + (in_stages ? std::string(kInStages) : "")},
                              {"document_name", "about " + document},
                              {"requester", "user@example.com"},
                              {"timeout_seconds", 60}};
    if (in_stages) event["policy"] = boost::json::parse(kStages);
    return boost::json::serialize(event);
}

approvals::WorkflowConfiguration Approvals::configuration(WaitMode mode) const {
    return {.tables = tables(), .topic_arn = "topic", .api_function = "api", .wait_mode = mode};
}

durable::detail::DurableHandler Approvals::handler(WaitMode mode) {
    return durable::detail::erase_handler([this, mode](durable::Context& ctx, const durable::Json& event) {
        made_.insert(approvals::approval_id_of(ctx.execution_arn()));
        const auto repository = approvals::make_repository(processes_.tables(), tables(), nature_.clock, ids_);
        approvals::NamedPolicies policies(processes_.tables(), "");
        const auto config = configuration(mode);
        return approvals::run_workflow(ctx, event,
                                       {.configuration = config,
                                        .repository = *repository,
                                        .notifier = *this,
                                        .policies = policies,
                                        .clock = nature_.clock});
    });
}

Result<void> Approvals::publish(const approvals::Notification& notification) {
    processes_.may_die("before it notifies");
    const std::string& id = notification.attributes.at("approval_id");
    const bool in_stages = notification.attributes.at("document_id").ends_with(kInStages);
    const bool is_second = notification.attributes.at("event") == "approval_stage_opened";
    if (!is_second) ask(id, "ann");
    if (!in_stages || is_second) ask(id, "bob");
    return {};
}

void Approvals::ask(const std::string& approval_id, const std::string& approver) {
    if (!deciders_.emplace(approval_id, approver).second) return;
    nature_.trace.event(fmt::format("{} is asked: {}", approver, approval_id));
    if (nature_.chance.one_in(4)) return;
    const Heard decider{.approval_id = approval_id,
                        .decision = nature_.chance.one_in(2) ? "approved" : "rejected",
                        .approver = approver};
    ++busy_;
    nature_.schedule.after(nature_.chance.between(0s, 90s), [this, decider] { decide(decider); });
}

/// In a process of its own, as the API's function; who gets no answer says the same again.
void Approvals::decide(const Heard& decider) {
    const auto heard = std::make_shared<Heard>(decider);
    const auto body = [this, heard] {
        const auto repository = approvals::make_repository(processes_.tables(), tables(), nature_.clock, ids_);
        approvals::LambdaWorkflows workflows(processes_.client());
        const auto silent = std::make_shared<const std::atomic<bool>>(true);
        const boost::json::object event{{"action", "decide"},
                                        {"approval_id", heard->approval_id},
                                        {"decision", heard->decision},
                                        {"approver", heard->approver},
                                        {"comments", kComments}};
        const auto answer = approvals::handle_api(
            durable::Json::parse(boost::json::serialize(event)),
            {.repository = *repository, .workflows = workflows, .clock = nature_.clock}, durable::Logger({}, silent));
        heard->status = answer.statusCode;
        heard->body = durable::Json::parse(answer.body);
    };
    const auto over = [this, heard, decider](bool died) {
        if (died || heard->status == 500) {
            return nature_.schedule.after(nature_.chance.between(1s, 5s), [this, decider] { decide(decider); });
        }
        --busy_;
        nature_.trace.event(fmt::format("{} said {}, and was answered {} {}", heard->approver, heard->decision,
                                        heard->status, text_of(heard->body, {"error", "code"})));
        heard_.push_back(*heard);
    };
    processes_.run("decide-" + decider.approver, body, over);
}

void Approvals::audit() {
    for (const std::string& id : made_) read(id);
}

void Approvals::read(const std::string& approval_id) {
    ++busy_;
    const auto body = [this, approval_id] {
        const auto repository = approvals::make_repository(processes_.tables(), tables(), nature_.clock, ids_);
        const auto record = repository->find(approval_id);
        const auto trail = repository->trail(approval_id);
        if (record && *record && trail) found_.emplace(approval_id, Found{.record = **record, .trail = *trail});
    };
    processes_.run("audit", body, [this](bool) { --busy_; });
}

std::vector<std::string> Approvals::broken_laws(const RowReader& rows) const {
    std::vector<std::string> broken;
    const Complain require = [&broken](bool is_so, const std::string& law) {
        if (!is_so) broken.push_back(law);
    };
    for (const auto& [id, approver] : deciders_)
        require(found_.contains(id), "what somebody was asked for has a record: " + id);
    for (const auto& [id, found] : found_) {
        const auto problems = approvals::verify_chain(found.trail);
        require(problems.empty(), "an audit trail is whole: " + (problems.empty() ? "" : problems.front()));
    }
    for (const Row& row : rows.scan(Space::executions, {}, {}, SIZE_MAX)) {
        const core::Head head = core::decode_head(row.value);
        if (!is_approval(head.function) || head.status == wire::ExecutionStatus::stopped) continue;
        require(head.status == wire::ExecutionStatus::succeeded, "an approval's workflow succeeds: " + head.name);
        if (head.status != wire::ExecutionStatus::succeeded) continue;
        const auto execution = core::load_execution(rows, head.number);
        judge_ended(
            durable::from_json<approvals::WorkflowResult>(durable::Json::parse(execution->result().value_or("null"))),
            require);
    }
    for (const Heard& heard : heard_) judge_heard(heard, require);
    return broken;
}

void Approvals::judge_ended(const approvals::WorkflowResult& result, const Complain& require) const {
    const auto found = found_.find(result.approval_id);
    require(found != found_.end(), "an ended approval has a record: " + result.document_id);
    if (found == found_.end()) return;
    const ApprovalRequest& record = found->second.record;
    require(result.decision == approvals::to_string(record.status) && result.approver == record.approver &&
                result.comments == record.comments,
            fmt::format("an approval's result is its record: {}: {}, not {}", result.document_id, result.decision,
                        approvals::to_string(record.status)));
    judge_trail(found->second, require);
}

void Approvals::judge_trail(const Found& found, const Complain& require) const {
    std::map<std::string, int> events;
    for (const auto& audited : found.trail) {
        // A vote tells its stage, too; what is counted of votes is that each is there once.
        const bool tells = audited.event == "notified" || audited.event == "notification_failed";
        const bool tells_stage = tells && audited.details.contains("stage");
        const std::string stage = tells_stage ? " " + audited.details.at("stage") : "";
        // What was under way when the trail had it that nobody knows may still say that they were told. Never the other
        // way round.
        if (auto& unknown = events["notification_failed" + stage]; audited.event == "notified" && unknown == 1)
            unknown = 0;
        ++events[audited.event + stage];
    }
    const std::string& document = found.record.document_id;
    const int decided = found.record.decision ? 1 : 0;
    require(events["created"] == 1 && events["notified"] + events["notification_failed"] == 1 &&
                events["completed"] == 1 && events["decided"] == decided && events["timed_out"] == 1 - decided &&
                events["voted"] <= 1 && events["notified second"] + events["notification_failed second"] <= 1,
            fmt::format("an audit trail tells each thing once: {}: {}", document, events));
    // The first decider of every request is Ann.
    const bool was_asked = deciders_.contains({found.record.approval_id, "ann"});
    // A process that died once it had asked may be followed by one that comes when the time is over: then the trail
    // says that nobody knows.
    require(was_asked || events["notified"] == 0, "nobody is said to be told who was not asked: " + document);
    // Bob decides when he is asked, and that is when Ann has approved.
    const int told_second = events["notified second"] + events["notification_failed second"];
    require(told_second <= events["voted"] && (!found.record.approver || told_second == events["voted"]),
            "who decides in a later stage was told when it opened, and not before: " + document);
}

void Approvals::judge_heard(const Heard& heard, const Complain& require) const {
    const auto found = found_.find(heard.approval_id);
    if (found == found_.end()) return;
    const ApprovalRequest& record = found->second.record;
    const bool is_winner = record.decision && approvals::to_string(*record.decision) == heard.decision &&
                           record.approver == heard.approver && record.comments == kComments;
    const std::string code = text_of(heard.body, {"error", "code"});
    const std::string who = fmt::format("{} was answered {} {}", heard.approver, heard.status, code);
    const auto votes = record.votes.value_or(std::vector<approvals::Vote>{});
    const bool has_voted = std::ranges::any_of(votes, [&](const approvals::Vote& vote) {
        return vote.person == heard.approver && approvals::to_string(vote.decision) == heard.decision;
    });
    const bool is_first = record.policy && has_voted && heard.approver == "ann";
    if (heard.status == 200) return require(is_winner || is_first, "who was told that they decided, did: " + who);
    // Expired: true when it was said, and the clock may have been set back since.
    require(heard.status == 409 &&
                (code == "APPROVAL_ALREADY_DECIDED" || code == "APPROVAL_EXPIRED" || code == "WORKFLOW_ENDED"),
            "an answer that nobody expects: " + who);
    if (code != "APPROVAL_ALREADY_DECIDED") return;
    require(!is_winner &&
                text_of(heard.body, {"error", "details", "decision"}) == approvals::to_string(record.status) &&
                text_of(heard.body, {"error", "details", "approver"}) == record.approver.value_or(""),
            "who lost is told who won: " + who);
}

}  // namespace holdpoint::sim
