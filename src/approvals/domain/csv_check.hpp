// CSV check: which lines of an export's CSV file are not what its records say.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "approvals/domain/audit.hpp"
#include "approvals/domain/export_folder.hpp"
#include "approvals/domain/sorting.hpp"

namespace holdpoint::approvals {

/// Whether a CSV file is what records say, line by line.
class CsvComparison {
public:
    /// Of a file that is there.
    explicit CsvComparison(std::unique_ptr<std::istream> file);
    ~CsvComparison();
    /// The next record.
    void take(const AuditRecord& record);
    /// After the last.
    [[nodiscard]] bool is_same();

private:
    void take(std::string expected);

    std::unique_ptr<std::istream> file_;
    std::string found_;
    bool is_same_ = true;
};

/// Calls with each record, by approval_id.
using EachRecord = std::function<void(const std::function<void(const AuditRecord&)>& take)>;
/// What is wrong with a file that is not the same: each line, by its name.
[[nodiscard]] std::vector<std::string> compare_csv(std::istream& csv, const EachRecord& each_record,
                                                   const Scratch& scratch);

}  // namespace holdpoint::approvals
