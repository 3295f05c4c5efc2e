#include "approvals/domain/csv_check.hpp"

#include <fmt/format.h>

#include <istream>
#include <map>
#include <utility>

#include "approvals/domain/export.hpp"
#include "base/text.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::size_t kDigits = 20;

/// Sorts as the number does.
std::string digits_of(std::size_t number) {
    return fmt::format("{:0{}}", number, kDigits);
}

std::size_t number_of(std::string_view digits) {
    return read_number<std::size_t>(digits).value_or(0);
}

/// What is expected at a place: the place's digits, and the name of the record.
std::size_t place_of(const std::string& expected) {
    return number_of(std::string_view(expected).substr(0, kDigits));
}
std::string name_of(const std::string& expected) {
    return expected.substr(kDigits);
}

/// Holds the lines that are found against those that are expected, both sorted by what they say.
class Differences {
public:
    explicit Differences(const Scratch& scratch)
        : expected_(scratch), found_(scratch), in_order_found_(scratch), in_order_(scratch) {}

    /// These two in their order.
    void expect(std::string line, std::string_view name) {
        expected_.add({.key = std::move(line), .value = digits_of(places_++).append(name)});
    }
    void find(std::string line) { found_.add({.key = std::move(line), .value = digits_of(lines_++)}); }

    std::vector<std::string> problems() {
        auto expected = expected_.next();
        auto found = found_.next();
        while (expected || found) {
            if (!found || (expected && expected->key < found->key)) {
                missing_[place_of(expected->value)] =
                    fmt::format("{}: its line of {} is not what {} says, or is missing", kCsvFile,
                                name_of(expected->value), kRecordsFile);
                expected = expected_.next();
            } else if (!expected || found->key < expected->key) {
                tell(unknown_, found->value, fmt::format("is of no record in {}", kRecordsFile));
                found = found_.next();
            } else {
                // Where several records make the same line, it is of the first.
                const Entry line = *expected;
                while (expected && expected->key == line.key) expected = expected_.next();
                take(line.value, found->value);
                for (found = found_.next(); found && found->key == line.key; found = found_.next())
                    tell(twice_, found->value, fmt::format("{} is there twice", name_of(line.value)));
            }
        }
        return told();
    }

private:
    using Told = std::map<std::size_t, std::string>;  // by place or line

    static void tell(Told& told, const std::string& line, std::string_view what) {
        told[number_of(line)] = fmt::format("{} line {}: {}", kCsvFile, number_of(line) + 1, what);
    }

    /// A line that is there, and is expected.
    void take(const std::string& expected, const std::string& line) {
        in_order_found_.add({.key = line, .value = expected});
        in_order_.add({.key = expected, .value = {}});
    }

    std::vector<std::string> told() {
        std::vector<std::string> all;
        for (const Told* told : {&missing_, &unknown_, &twice_})
            for (const auto& [number, problem] : *told) all.push_back(problem);
        while (const auto found = in_order_found_.next()) {
            const auto belongs = in_order_.next();
            if (found->value == belongs->key) continue;
            all.push_back(fmt::format("{} line {}: {} stands where {} belongs: the lines are in another order",
                                      kCsvFile, number_of(found->key) + 1, name_of(found->value),
                                      name_of(belongs->key)));
            break;
        }
        return all;
    }

    Sorter expected_;
    Sorter found_;
    Sorter in_order_found_;  // those that are expected, by line
    Sorter in_order_;        // and by place
    std::size_t places_ = 0;
    std::size_t lines_ = 0;
    Told missing_;
    Told unknown_;
    Told twice_;
};

/// As a line is read: without its line feed.
std::string read_form(std::string line) {
    line.pop_back();
    return line;
}

}  // namespace

CsvComparison::CsvComparison(std::unique_ptr<std::istream> file) : file_(std::move(file)) {
    take(csv_header());
}

CsvComparison::~CsvComparison() = default;

void CsvComparison::take(const AuditRecord& record) {
    take(csv_line(record));
}

void CsvComparison::take(std::string expected) {
    if (!is_same_) return;
    is_same_ = std::getline(*file_, found_) && found_ == read_form(std::move(expected));
}

bool CsvComparison::is_same() {
    return is_same_ && !std::getline(*file_, found_);
}

std::vector<std::string> compare_csv(std::istream& csv, const EachRecord& each_record, const Scratch& scratch) {
    Differences differences(scratch);
    differences.expect(read_form(csv_header()), "the header");
    each_record([&](const AuditRecord& record) {
        differences.expect(read_form(csv_line(record)), fmt::format("{} record {}", record.approval_id, record.seq));
    });
    std::string line;
    while (std::getline(csv, line)) differences.find(line);
    return differences.problems();
}

}  // namespace holdpoint::approvals
