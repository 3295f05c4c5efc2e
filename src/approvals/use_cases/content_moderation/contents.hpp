// Contents: the table that says what may be seen. A review holds a piece of content and settles it; when it is reviewed
// again, the latest review is the one that counts.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>

#include "approvals/repository/table.hpp"
#include "approvals/use_cases/content_moderation/content.hpp"

namespace holdpoint::approvals {

/// The same whichever try writes it.
struct ContentRecord {
    std::string content_id;  // the key
    ContentState state = ContentState::held;
    std::string title;
    std::string author;
    bool urgent = false;
    std::string approval_id;        // of the review that counts
    std::string review_started_at;  // ISO 8601 UTC
    std::optional<std::string> moderator;
    std::optional<std::string> reason;  // of the moderator, or that nobody decided
    std::optional<std::string> decided_at;
    friend bool operator==(const ContentRecord&, const ContentRecord&) = default;
};
BOOST_DESCRIBE_STRUCT(ContentRecord, (),
                      (content_id, state, title, author, urgent, approval_id, review_started_at, moderator, reason,
                       decided_at))

/// Both may be called as often as one likes, also late: a try that was overtaken changes nothing.
class Contents {
public:
    Contents(aws::Client& client, std::string table) : table_(client, std::move(table)) {}

    /// Holds it, unless a later review has; false then.
    [[nodiscard]] Result<bool> hold(const ContentRecord& record);
    /// Publishes or removes what this review holds; false when a later review holds it, or has settled it.
    [[nodiscard]] Result<bool> settle(const ContentRecord& record);
    [[nodiscard]] Result<std::optional<ContentRecord>> find(const std::string& content_id);

private:
    Table table_;
};

}  // namespace holdpoint::approvals
