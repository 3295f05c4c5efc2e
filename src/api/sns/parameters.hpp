// Parameters of a Query request: flat names such as `Attributes.entry.1.key`, read back into lists and maps.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/http.hpp"
#include "topics/publish.hpp"

namespace holdpoint::api::sns {

class Parameters {
public:
    /// From a POST's form body or a GET's query.
    [[nodiscard]] static Parameters read(const net::Request& request);
    explicit Parameters(std::map<std::string, std::string> values) : values_(std::move(values)) {}

    [[nodiscard]] std::optional<std::string> find(const std::string& name) const;
    /// Empty when absent.
    [[nodiscard]] std::string get(const std::string& name) const { return find(name).value_or(""); }
    /// InvalidParameter in SNS's words when absent.
    [[nodiscard]] Result<std::string> require(const std::string& name) const;
    [[nodiscard]] bool flag(const std::string& name) const { return get(name) == "true"; }
    /// Whether every value is UTF-8, so that it can stand in an XML answer and in JSON.
    [[nodiscard]] bool is_text() const;
    /// True when some name starts with `prefix`.
    [[nodiscard]] bool any(const std::string& prefix) const;

    /// InvalidParameter for the first name that is none of `known` (nor Action, Version and the like), or an element of
    /// a list after one that is missing, since lists are read up to there.
    [[nodiscard]] Result<void> refuse_others(const std::vector<std::string>& known) const;

    /// `<name>.entry.N.key` and `<name>.entry.N.value`.
    [[nodiscard]] std::map<std::string, std::string> entries(const std::string& name) const;
    /// `Tags.member.N.Key` and `Tags.member.N.Value`. InvalidParameter for a key that comes twice.
    [[nodiscard]] Result<std::map<std::string, std::string>> tags() const;
    /// `<name>.member.N`.
    [[nodiscard]] std::vector<std::string> list(const std::string& name) const;

private:
    /// Whether an element of a list, if that is what this is, comes first or after another.
    [[nodiscard]] bool is_numbered(const std::string& parameter) const;

    std::map<std::string, std::string> values_;
};

/// The message whose members stand under `prefix` ("" for Publish, "PublishBatchRequestEntries.member.1." for a batch).
[[nodiscard]] Result<topics::Message> read_message(const Parameters& parameters, const std::string& prefix);
[[nodiscard]] Result<std::vector<topics::BatchEntry>> read_batch(const Parameters& parameters);

}  // namespace holdpoint::api::sns
