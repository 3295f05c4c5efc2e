// Random interleavings of voters, a requester who changes the document, lost calls and crashes: whoever may decide in a
// stage was told of it, once for each version of the document.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "approvals/domain/agreement.hpp"
#include "approvals/domain/news.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kEvent =
    R"({"document_id":"d","document_name":"v1","requester":"req@x","timeout_seconds":1800,"policy":{"name":"p","stages":[
        {"name":"a","approvers":{"people":["ann@x","amy@x"]},"required":2},
        {"name":"b","approvers":{"people":["bob@x"]}},
        {"name":"c","approvers":{"people":["cal@x"]}}]}})";

class Stages {
public:
    explicit Stages(WaitMode mode) : alone_(mode) {}

    void run() {
        crash_now_and_then();
        alone_.tables.before_call = [this](const std::string&) {
            if (due_at_call_ > 0 && --due_at_call_ == 0) act();
            return lose_call_ == 0 || --lose_call_ > 0;
        };
        world_.configuration.poll_interval_seconds = 60;
        world_.tell_people();
        world_.start(std::string(kEvent));
        const int steps = *rc::gen::inRange(0, 30);
        for (int i = 0; i < steps; ++i) step();
        lose_call_ = due_at_call_ = 0;
        // Longer than it takes to look for a stage that nobody woke the workflow for, with all of its retries.
        world_.runner.advance(600s);
        if (world_.runner.is_running()) {
            RC_ASSERT(!stage_to_tell(*world_.record()));
            RC_ASSERT(changes_to_tell(*world_.record()).empty());
        }
        world_.runner.advance(40min);
        check();
    }

private:
    void crash_now_and_then() {
        const auto drawn = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 40));
        const std::set<int> doomed(drawn.begin(), drawn.end());
        world_.runner.before_checkpoint = [doomed](int number) -> std::optional<Error> {
            if (number % 2 == 0 && doomed.contains(number)) throw Crash{};
            return std::nullopt;
        };
        world_.runner.after_checkpoint = [doomed](int number) {
            if (number % 2 == 1 && doomed.contains(number)) throw Crash{};
        };
        world_.runner.limits.consecutive_failures = 100;
    }

    void step() {
        switch (*rc::gen::inRange(0, 8)) {
            case 0:
            case 1:
            case 2:
            case 3:
                return act();
            case 4:
                return world_.runner.advance(std::chrono::seconds(*rc::gen::inRange(1, 15)));
            case 5:  // in the middle of what others do
                due_at_call_ = *rc::gen::inRange(1, 8);
                return;
            case 6:
                world_.lose_next_resume = true;
                return;
            default:
                lose_call_ = *rc::gen::inRange(1, 6);
        }
    }

    void act() {
        if (world_.approval_id().empty()) return;
        if (*rc::gen::inRange(0, 20) == 0) {
            (void)world_.api(R"({"action":"amend","requester":"req@x","approval_id":")" + world_.approval_id() +
                             R"(","document_name":"v)" + std::to_string(++changes_) + R"("})");
            return;
        }
        const auto person = *rc::gen::element<std::string>("ann@x", "amy@x", "bob@x", "cal@x");
        const int drawn = *rc::gen::inRange(0, 20);
        (void)world_.decide(drawn == 0 ? "rejected" : drawn == 1 ? "changes_requested" : "approved", person, "c");
    }

    void check() {
        RC_ASSERT(!world_.runner.is_running());
        RC_ASSERT(world_.runner.execution().head().status == wire::ExecutionStatus::succeeded);
        const ApprovalRequest record = *world_.record();
        RC_ASSERT(world_.result().decision == to_string(record.status));
        RC_ASSERT(verify_chain(world_.trail()).empty());
        RC_ASSERT(disagreements(record, world_.trail()).empty());
        std::set<std::string> told;
        std::set<std::string> told_versions;
        std::set<std::string> opened;  // by a vote, on the version that it was about
        int approvals = 0;
        for (const AuditRecord& audited : world_.trail()) {
            if (audited.event == "notified" && audited.details.contains("stage")) {
                const std::string what = audited.details.at("stage") + audited.details.at("document_version");
                RC_ASSERT(told.insert(what).second);
            }
            if (audited.event == "notified" && audited.details.contains("occasion") &&
                audited.details.at("occasion") == "amended") {
                RC_ASSERT(told_versions.insert(audited.details.at("document_version")).second);
            }
            if (audited.event == "amended") approvals = 0;
            if (audited.event != "voted" || audited.details.at("decision") != "approved") continue;
            const std::string version = std::to_string(version_at(audited.seq));
            if (++approvals == 2) opened.insert("b" + version);
            if (approvals == 3) opened.insert("c" + version);
        }
        for (const std::string& what : told) RC_ASSERT(opened.contains(what));
        RC_CLASSIFY(opened.size() > told.size());  // what was decided or changed before anybody could be told
        RC_CLASSIFY(!told.empty());
        RC_CLASSIFY(world_.resumes > 1);
    }

    std::int64_t version_at(std::int64_t seq) {
        std::int64_t version = 1;
        for (const AuditRecord& audited : world_.trail()) {
            if (audited.seq < seq && audited.event == "amended") ++version;
        }
        return version;
    }

    Alone alone_;
    World& world_ = alone_.world;
    int changes_ = 1;
    int due_at_call_ = 0;
    int lose_call_ = 0;
};

TEST(StageProperties, WhoeverMayDecideIsToldWhateverTheOrder) {
    EXPECT_TRUE(rc::check([] { Stages(*rc::gen::element(WaitMode::polling, WaitMode::callback)).run(); }));
}

}  // namespace
}  // namespace holdpoint::approvals::testing
