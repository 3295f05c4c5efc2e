// Policy: who has to approve, how many of them, in which order, and what happens when they do not. A request without a
// policy has the default one: anyone, once.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/people.hpp"
#include "base/result.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals {

/// People by name, and groups by name.
struct Approvers {
    std::vector<std::string> people;
    std::vector<std::string> groups;
    friend bool operator==(const Approvers&, const Approvers&) = default;
};
BOOST_DESCRIBE_STRUCT(Approvers, (), (people, groups))

/// `required` of the people who may approve here have to.
struct Stage {
    std::string name;
    std::optional<Approvers> approvers;  // absent: anyone
    std::int64_t required = 1;
    std::optional<std::int64_t> of;  // how many will vote at most; absent: as many as are known
    friend bool operator==(const Stage&, const Stage&) = default;
};
BOOST_DESCRIBE_STRUCT(Stage, (), (name, approvers, required, of))

enum class StageOrder { sequential, parallel };
BOOST_DESCRIBE_ENUM(StageOrder, sequential, parallel)

/// veto: one rejection rejects. quorum: rejected when those who are left cannot make up the required number any more.
enum class RejectionRule { veto, quorum };
BOOST_DESCRIBE_ENUM(RejectionRule, veto, quorum)

enum class TimeoutRule { timeout, reject, escalate };
BOOST_DESCRIBE_ENUM(TimeoutRule, timeout, reject, escalate)

/// Once: `to` may approve too, in every stage, and the deadline moves.
struct Escalation {
    std::optional<std::int64_t> after_seconds;  // since the request; absent: at the deadline
    Approvers to;
    std::int64_t extend_seconds = 0;
    friend bool operator==(const Escalation&, const Escalation&) = default;
};
BOOST_DESCRIBE_STRUCT(Escalation, (), (after_seconds, to, extend_seconds))

/// As somebody wrote it.
struct Policy {
    std::string name;
    std::int64_t version = 1;
    std::vector<Stage> stages;
    StageOrder order = StageOrder::sequential;
    bool distinct_people = true;  // a person counts in one stage only
    RejectionRule rejection = RejectionRule::veto;
    std::optional<Approvers> veto;                       // with quorum: whose rejection rejects all the same
    std::vector<std::int64_t> reminders_before_seconds;  // before the deadline
    std::optional<Escalation> escalation;
    TimeoutRule on_timeout = TimeoutRule::timeout;
    friend bool operator==(const Policy&, const Policy&) = default;
};
BOOST_DESCRIBE_STRUCT(Policy, (),
                      (name, version, stages, order, distinct_people, rejection, veto, reminders_before_seconds,
                       escalation, on_timeout))

/// Group -> its members. None are listed: only what people prove with their sign-in tells who is in it.
using Groups = std::map<std::string, std::vector<std::string>>;

/// A policy with the members that its groups had when a request was made: it means the same for ever.
struct PinnedPolicy {
    Policy policy;
    Groups groups;       // those that the policy names and whose members are listed
    std::string digest;  // SHA-256 over the canonical JSON of both, hex
    friend bool operator==(const PinnedPolicy&, const PinnedPolicy&) = default;
};
BOOST_DESCRIBE_STRUCT(PinnedPolicy, (), (policy, groups, digest))

struct PolicyFile {
    std::vector<Policy> policies;
    Groups groups;
    friend bool operator==(const PolicyFile&, const PolicyFile&) = default;
};
BOOST_DESCRIBE_STRUCT(PolicyFile, (), (policies, groups))

// Reading and pinning fail with InvalidPolicy, and say where, what was found and what was expected.

/// Reads one policy; `path` is where it stands, for messages.
[[nodiscard]] Result<Policy> read_policy(const durable::Json& json, const std::string& path = "policy");
/// {"policies": [...], "groups": {"legal": ["ann@x"]}}. What can be pinned with these groups is all that it may hold.
/// "digests", which `policies show` adds, is taken as well and means nothing: they are made anew.
[[nodiscard]] Result<PolicyFile> read_policy_file(const durable::Json& json);

/// Whether a file may take the place of the stored one. The same name and version mean the same for ever, no version
/// goes back, and no policy goes away, unless `drop` says so. Two of its groups are two names (names.hpp), and so are
/// two policies.
[[nodiscard]] Result<void> check_replacement(const PolicyFile& stored, const PolicyFile& file, bool drop);

/// Whether a policy that comes with its request, and not by its name, may be called so: it passes for none that is
/// stored.
[[nodiscard]] Result<void> check_own_policy(const PolicyFile& stored, const PinnedPolicy& own);

/// Refuses what can never be approved, and groups that `groups` does not know, unless it is empty.
[[nodiscard]] Result<PinnedPolicy> pin(const Policy& policy, const Groups& groups, const std::string& path = "policy");
/// The policy of that name, pinned.
[[nodiscard]] Result<PinnedPolicy> resolve(const PolicyFile& file, const std::string& name);
/// One stage, anyone, once; one rejection rejects.
[[nodiscard]] const PinnedPolicy& default_policy();

/// Whether a stage opens when those before it are approved, so that there is something to tell its people then.
[[nodiscard]] bool opens_stages_later(const Policy& policy);
/// Whether this requester, who never approves, may ask for an approval of this duration under the policy.
[[nodiscard]] Result<void> check_request(const PinnedPolicy& pinned, const std::string& requester,
                                         std::int64_t timeout_seconds);

/// Who may approve in a stage, as keys (people.hpp); nothing when not all of them are known.
[[nodiscard]] std::optional<std::set<std::string>> known_people(const PinnedPolicy& pinned, const Stage& stage,
                                                                bool escalated);
/// A group that is listed, by its name (names.hpp); nullptr for another.
[[nodiscard]] const Groups::value_type* find_group(const Groups& groups, std::string_view name);
/// A group with listed members has these members; of another group are those who proved that they are.
[[nodiscard]] bool includes(const PinnedPolicy& pinned, const Approvers& approvers, const std::string& person,
                            const std::vector<std::string>& proven_groups);

/// "group finance, ann@example.com"; "anyone".
[[nodiscard]] std::string describe(const std::optional<Approvers>& approvers);
/// "2 of 3 from finance, then 1 of legal; one rejection rejects". Before an escalation, those whom it names may approve
/// later; once it has taken place (`escalated`), they may.
[[nodiscard]] std::string describe(const PinnedPolicy& pinned, bool escalated);

/// What the digest of a pinned policy is of: the canonical JSON of the policy and the members of its groups.
[[nodiscard]] std::string digested_text(const PinnedPolicy& pinned);
/// JSON text of one form: members by name, no white space.
[[nodiscard]] std::string canonical(const durable::Json& json);

}  // namespace holdpoint::approvals
