// World: the approvals application over the server's real tables, in memory, with a workflow run by durable::testing.
// The tests decide what happens between any two calls, and when anything dies.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/dynamodb/dynamodb.hpp"
#include "approvals/api/api.hpp"
#include "approvals/domain/policy_history.hpp"
#include "approvals/web/web.hpp"
#include "approvals/workflow/workflow.hpp"
#include "engine/writer.hpp"
#include "store/store.hpp"
#include "testing/local_service.hpp"

namespace holdpoint::approvals::testing {

using durable::testing::Crash;
using durable::testing::LocalService;

/// The time of a runner that is made later.
class RunnersClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return clock().now(); }
    [[nodiscard]] Milliseconds monotonic() const override { return clock().monotonic(); }
    const LocalService* runner = nullptr;

private:
    [[nodiscard]] const Clock& clock() const { return runner != nullptr ? runner->clock() : before_; }
    ManualClock before_{from_epoch_ms(1'700'000'000'000)};
};

/// Of clients of Tables.
[[nodiscard]] aws::Configuration configuration_of_tests();

/// DynamoDB without a network: the server's own service.
class Tables final : public net::Transport {
public:
    explicit Tables(const Clock& clock);

    [[nodiscard]] std::expected<net::Response, net::TransportError> send(const net::Endpoint& endpoint,
                                                                         const net::Request& request,
                                                                         const net::Timeouts& timeouts) override;
    /// Called before each call with the action's name; may call the tables itself. Answer false to lose the call.
    std::function<bool(const std::string& action)> before_call;

private:
    net::Response serve(const net::Request& request);

    SeededRandom random_{7};
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    engine::Writer writer_;
    std::unique_ptr<api::Service> service_;
    bool inside_ = false;  // a call that before_call makes is not announced again
};

struct Answer {
    int status = 0;
    durable::Json body;
    /// A member of the body as text; "error.code" reaches into it.
    [[nodiscard]] std::string text(const std::string& path) const;
};

/// One workflow, and everything that it and its deciders use. Several may share tables and chance.
class World final : private Notifier, private PeopleNotifier, private Workflows {
public:
    World(WaitMode mode, Tables& tables, RunnersClock& clock, Random& random);

    Answer api(const std::string& event);
    /// A browser's request.
    HttpAnswer web(const HttpRequest& request);
    [[nodiscard]] SigningKeys& keys() { return keys_; }
    [[nodiscard]] WebServices web_services() {
        return {.api = api_services(),
                .sessions = sessions_,
                .limits = limits_,
                .levels = levels_,
                .single_sign_on = single_sign_on};
    }
    /// What an operator does, who has no part in the function's memory.
    [[nodiscard]] RevocationList operators_revocations() { return {client_, "settings", clock_}; }
    [[nodiscard]] NamedPolicies& policies() { return policies_; }
    /// What an operator does; with a record of it, as the command line has.
    [[nodiscard]] Result<bool> put_policies(const PolicyFile& file, const StoredPolicies& read) {
        return policies_.put(file, read, *repository_, policies_put(read.file, file, clock_.now()));
    }
    [[nodiscard]] std::vector<AuditRecord> policies_trail() { return repository_->trail(kPoliciesChain).value(); }
    [[nodiscard]] ApiServices api_services() {
        return {.repository = *repository_, .workflows = *this, .clock = clock_};
    }
    Answer decide(const std::string& decision, const std::string& approver, const std::string& comments = {});
    /// From now on people are told in person, too.
    void tell_people() { services_.people = this; }
    /// Starts the workflow with a valid event, or the given one.
    void start(std::int64_t timeout_seconds = 300);
    void start(const std::string& event) { runner.start(event); }

    [[nodiscard]] std::optional<ApprovalRequest> record();
    [[nodiscard]] std::vector<AuditRecord> trail();
    [[nodiscard]] std::vector<std::string> trail_events();
    [[nodiscard]] WorkflowResult result() const;
    [[nodiscard]] const WorkflowServices& services() const { return services_; }
    /// The id that this workflow's notifications carried; empty before the first.
    [[nodiscard]] std::string approval_id() const;

    std::vector<Notification> notifications;
    std::vector<std::set<std::string>> told_people;  // with each occasion that was for somebody
    std::function<Result<void>()> on_publish;        // may fail, or throw Crash
    std::function<Result<void>()> on_tell;           // the same
    std::vector<Notification> to_requester;
    std::function<Result<void>()> on_tell_requester;  // the same
    bool lose_next_resume = false;
    int resumes = 0;  // that the API tried
    oidc::SingleSignOn* single_sign_on = nullptr;
    WorkflowConfiguration configuration;
    LocalService runner;

private:
    Result<void> publish(const Notification& notification) override;
    Result<std::size_t> tell(const ApprovalRequest& approval, Occasion occasion) override;
    Result<void> tell_requester(const ApprovalRequest& approval) override;
    Result<bool> is_running(const std::string& execution_arn) override;
    Result<void> resume(const std::string& callback_token, const std::string& decision) override;

    const Clock& clock_;
    aws::Client client_;
    std::unique_ptr<Repository> repository_;
    NamedPolicies policies_;
    WorkflowServices services_;
    SigningKeys keys_;
    RevocationList revoked_;
    EndedSessions ended_;
    Sessions sessions_;
    RateLimits limits_;
    Levels levels_;
};

/// A world of its own.
struct Alone {
    explicit Alone(WaitMode mode) : world(mode, tables, clock, random) { clock.runner = &world.runner; }
    ~Alone() { clock.runner = nullptr; }
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;

    SeededRandom random{42};
    RunnersClock clock;
    Tables tables{clock};
    World world;
};

}  // namespace holdpoint::approvals::testing
