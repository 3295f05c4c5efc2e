// Chain reader: the chains of an export's records, one after the other. Those of a file whose lines are in another
// order are sorted first.
#pragma once

#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "approvals/domain/audit.hpp"
#include "approvals/domain/export_folder.hpp"
#include "approvals/domain/sorting.hpp"

namespace holdpoint::approvals {

class ChainReader {
public:
    /// Of a file that is there. Without sorting the chains come in the order of the lines, until one stands elsewhere.
    ChainReader(const OpenFile& open, const Scratch& scratch, bool is_sorted);

    /// The records of a chain in the order of their lines, which verify_chain is to see; nothing after the last chain,
    /// or where the order ends.
    [[nodiscard]] std::optional<std::vector<AuditRecord>> next();
    /// Whether all chains came. Else they must be sorted.
    [[nodiscard]] bool is_whole() const { return is_whole_; }
    /// What is wrong with the lines, once all were read.
    [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

private:
    [[nodiscard]] std::optional<AuditRecord> next_record();
    [[nodiscard]] std::optional<AuditRecord> next_of_lines();
    void sort(const Scratch& scratch);
    [[nodiscard]] std::string where() const;

    std::unique_ptr<std::istream> file_;
    std::string text_;  // of the line
    std::int64_t line_ = 0;
    std::optional<Sorter> sorter_;
    std::optional<AuditRecord> next_;
    bool is_whole_ = true;
    std::vector<std::string> problems_;
};

}  // namespace holdpoint::approvals
