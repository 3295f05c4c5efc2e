#include "bench/approval_client.hpp"

#include <stdexcept>
#include <thread>

#include "base/clock.hpp"
#include "base/encoding.hpp"

namespace holdpoint::bench {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kPatience{30};
/// Looking for the end: first when three quarters of the time that the one before took are over, then often enough that
/// the pauses do not show in what is measured, and seldom enough that they are no load of their own.
constexpr std::chrono::milliseconds kFirstPause{2};
constexpr std::chrono::milliseconds kLongestPause{20};

aws::RestRequest invocation(const std::string& function, const json::object& event) {
    aws::RestRequest request;
    request.method = "POST";
    request.path = "/2015-03-31/functions/" + percent_encode(function) + "/invocations";
    request.body = json::serialize(event);
    request.idempotent = false;
    return request;
}

constexpr std::string_view kSnsVersion = "2010-03-31";

std::string text(const json::value& object, std::string_view name) {
    return object.at(name).as_string().c_str();
}

}  // namespace

Stack find_stack(aws::Client& client, const std::string& name) {
    const std::string xml =
        require(client.query("cloudformation", "2010-05-15", "DescribeStacks", {{"StackName", name}}));
    std::map<std::string, std::string> outputs;
    for (const std::string& section : aws::xml_each(xml, "Outputs")) {
        for (const std::string& member : aws::xml_each(section, "member")) {
            outputs[aws::xml_text(member, "OutputKey")] = aws::xml_text(member, "OutputValue");
        }
    }
    Stack stack{.workflow = outputs.at("WorkflowFunctionName"),
                .version = {},
                .api_function = outputs.at("ApprovalApiFunctionName"),
                .topic_arn = outputs.at("SnsTopicArn"),
                .table = outputs.at("ApprovalsTableName")};
    aws::RestRequest publish;
    publish.method = "POST";
    publish.path = "/2015-03-31/functions/" + percent_encode(stack.workflow) + "/versions";
    publish.body = "{}";
    stack.version = text(json::parse(require(client.rest("lambda", publish)).body), "Version");
    return stack;
}

Subscription::Subscription(aws::Client& client, const Stack& stack, NotificationSink& sink) : client_(client) {
    (void)require(client.query("sns", kSnsVersion, "Subscribe",
                               {{"TopicArn", stack.topic_arn}, {"Protocol", "http"}, {"Endpoint", sink.url()}}));
    const auto token = sink.wait_for_token(kPatience);
    if (!token) throw std::runtime_error("the subscription was never asked to be confirmed");
    arn_ = aws::xml_text(require(client.query("sns", kSnsVersion, "ConfirmSubscription",
                                              {{"TopicArn", stack.topic_arn}, {"Token", *token}})),
                         "SubscriptionArn");
}

Subscription::~Subscription() {
    (void)client_.query("sns", kSnsVersion, "Unsubscribe", {{"SubscriptionArn", arn_}});
}

Lifecycle ApprovalClient::run(const std::string& document_id) {
    Lifecycle took;
    const auto begin = Stopwatch::now();
    const std::string arn = submit(document_id);
    const auto submitted = Stopwatch::now();
    const auto approval_id = sink_.wait_for_approval(document_id, kPatience);
    if (!approval_id) throw std::runtime_error("no notification about " + document_id);
    const auto notified = Stopwatch::now();
    read_back(*approval_id, document_id);
    const auto read = Stopwatch::now();
    approve(*approval_id);
    const auto decided = Stopwatch::now();
    const json::value execution = wait_until_done(arn);
    const auto end = Stopwatch::now();
    const json::value result = json::parse(text(execution, "Result"));
    if (text(result, "approval_id") != *approval_id || text(result, "decision") != "approved") {
        throw std::runtime_error("the wrong result: " + json::serialize(result));
    }
    const TimePoint decided_at = require(parse_iso8601(text(result, "decided_at")));
    took.submit = milliseconds(submitted - begin);
    took.notify = milliseconds(notified - submitted);
    took.read = milliseconds(read - notified);
    took.decide = milliseconds(decided - read);
    took.decide_to_seen = milliseconds(end - read);
    took.decision_to_done =
        execution.at("EndTimestamp").to_number<double>() * 1000.0 - static_cast<double>(to_epoch_ms(decided_at));
    took.whole = milliseconds(end - begin);
    return took;
}

std::string ApprovalClient::submit(const std::string& document_id) {
    aws::RestRequest request = invocation(
        stack_.workflow,
        {{"document_id", document_id}, {"document_name", "Q4 Budget Proposal"}, {"requester", "user@example.com"}});
    request.query = {{"Qualifier", stack_.version}};
    request.headers = {{"X-Amz-Invocation-Type", "Event"}, {"X-Amz-Durable-Execution-Name", document_id}};
    return std::string(require(client_.rest("lambda", request)).header("X-Amz-Durable-Execution-Arn"));
}

void ApprovalClient::read_back(const std::string& approval_id, const std::string& document_id) {
    const json::object answer = require(client_.json(
        "dynamodb", "DynamoDB_20120810.GetItem",
        {{"TableName", stack_.table}, {"Key", {{"approval_id", {{"S", approval_id}}}}}, {"ConsistentRead", true}}));
    const json::value* item = answer.if_contains("Item");
    if (item == nullptr || text(item->at("document_id"), "S") != document_id ||
        text(item->at("status"), "S") != "pending") {
        throw std::runtime_error("not the record of " + document_id + ": " + json::serialize(answer));
    }
}

void ApprovalClient::approve(const std::string& approval_id) {
    const net::Response response =
        require(client_.rest("lambda", invocation(stack_.api_function, {{"action", "decide"},
                                                                        {"approval_id", approval_id},
                                                                        {"decision", "approved"},
                                                                        {"approver", "boss@example.com"},
                                                                        {"comments", "Looks good"}})));
    const json::value answer = json::parse(response.body);
    const json::value* status = answer.as_object().if_contains("statusCode");
    if (status == nullptr || *status != 200) throw std::runtime_error("the decision was refused: " + response.body);
}

json::value ApprovalClient::wait_until_done(const std::string& execution_arn) {
    aws::RestRequest request;
    request.method = "GET";
    request.path = "/2025-12-01/durable-executions/" + percent_encode(execution_arn);
    const auto begin = Stopwatch::now();
    const auto give_up = begin + kPatience;
    std::this_thread::sleep_for(last_took_ * 3 / 4);
    for (auto pause = kFirstPause; Stopwatch::now() < give_up; pause = std::min(pause * 3 / 2, kLongestPause)) {
        json::value execution = json::parse(require(client_.rest("lambda", request)).body);
        const std::string status = text(execution, "Status");
        if (status == "SUCCEEDED") {
            last_took_ = Stopwatch::now() - begin;
            return execution;
        }
        if (status != "RUNNING") throw std::runtime_error(execution_arn + " ended as " + status);
        std::this_thread::sleep_for(pause);
    }
    throw std::runtime_error(execution_arn + " did not end");
}

}  // namespace holdpoint::bench
