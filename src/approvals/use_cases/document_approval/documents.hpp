// Documents: the table that says what became of each version of a document.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "approvals/repository/table.hpp"

namespace holdpoint::approvals {

/// The same whichever try writes it.
struct DocumentRecord {
    std::string document_id;   // with
    std::int64_t version = 1;  // the key
    std::string document_name;
    std::string kind;
    std::string digest;    // of what was shown
    std::string decision;  // approved, rejected or timeout
    std::string approval_id;
    std::optional<std::string> approver;
    std::optional<std::string> comments;  // of a rejected one: why
    std::optional<std::string> decided_at;
    friend bool operator==(const DocumentRecord&, const DocumentRecord&) = default;
};
BOOST_DESCRIBE_STRUCT(DocumentRecord, (),
                      (document_id, version, document_name, kind, digest, decision, approval_id, approver, comments,
                       decided_at))

class Documents {
public:
    Documents(aws::Client& client, std::string table) : table_(client, std::move(table)) {}

    /// Once, however often it is called. A version that was approved stays as it is: false when another approval did
    /// that.
    [[nodiscard]] Result<bool> mark(const DocumentRecord& record);
    [[nodiscard]] Result<std::optional<DocumentRecord>> find(const std::string& document_id, std::int64_t version);

private:
    Table table_;
};

}  // namespace holdpoint::approvals
