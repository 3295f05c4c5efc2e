#include "approvals/domain/service_levels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace holdpoint::approvals {

namespace {

constexpr std::string_view kAnyone = "anyone";

std::int64_t seconds_between(TimePoint begin, TimePoint end) {
    return std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(end - begin).count());
}

/// The smallest value that `percent` of all do not exceed; the values are in order.
std::int64_t nearest_rank(const std::vector<std::int64_t>& ordered, std::size_t percent) {
    if (ordered.empty()) return 0;
    const std::size_t rank = (ordered.size() * percent + 99) / 100;
    return ordered[std::max<std::size_t>(rank, 1) - 1];
}

struct Measured {
    GroupLevel level;
    std::vector<std::int64_t> decided_after;  // seconds
};

void add(Measured& group, const RequestTiming& timing, TimePoint now) {
    if (timing.status == ApprovalStatus::pending) {
        ++group.level.pending;
        group.level.oldest_seconds = std::max(group.level.oldest_seconds, seconds_between(timing.created_at, now));
    } else if (timing.decided_at && timing.status != ApprovalStatus::timeout) {
        group.decided_after.push_back(seconds_between(timing.created_at, *timing.decided_at));
    } else {
        ++group.level.breached;
    }
}

/// Label values may hold anything but these as they are. (Prometheus, "Exposition formats", text format)
std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : value) {
        if (c == '\n') {
            text += "\\n";
        } else {
            if (c == '\\' || c == '"') text += '\\';
            text += c;
        }
    }
    return text;
}

class Page {
public:
    explicit Page(const std::vector<GroupLevel>& levels) : levels_(levels) {}

    void begin(std::string_view name, std::string_view type, std::string_view help) {
        fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
    }
    /// A sample of each group, with more labels after the group's.
    void samples(std::string_view name, std::int64_t GroupLevel::* value, std::string_view labels = "") {
        for (const GroupLevel& level : levels_) {
            if (!labels.empty() && level.decided == 0) continue;  // a quantile of nothing
            fmt::format_to(std::back_inserter(text_), "{}{{group=\"{}\"{}}} {}\n", name, escaped(level.name), labels,
                           level.*value);
        }
    }
    void sample(std::string_view name, int value) { fmt::format_to(std::back_inserter(text_), "{} {}\n", name, value); }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    const std::vector<GroupLevel>& levels_;
    std::string text_;
};

}  // namespace

std::vector<std::string> groups_of(const std::vector<Stage>& stages) {
    std::vector<std::string> groups;
    const auto add_once = [&](std::string_view name) {
        if (std::ranges::find(groups, name) == groups.end()) groups.emplace_back(name);
    };
    for (const Stage& stage : stages) {
        if (!stage.approvers) {
            add_once(kAnyone);
        } else if (stage.approvers->groups.empty()) {
            add_once(stage.name);
        } else {
            for (const std::string& group : stage.approvers->groups) add_once(group);
        }
    }
    if (groups.empty()) add_once(kAnyone);
    return groups;
}

std::vector<GroupLevel> service_levels(const std::vector<RequestTiming>& timings, TimePoint now) {
    std::map<std::string, Measured, std::less<>> groups;  // by name_key
    for (const RequestTiming& timing : timings) {
        for (const std::string& name : timing.groups) {
            Measured& group = groups[name_key(name)];
            if (group.level.name.empty()) group.level.name = name;
            add(group, timing, now);
        }
    }
    std::vector<GroupLevel> levels;
    for (auto& [key, group] : groups) {
        std::ranges::sort(group.decided_after);
        group.level.decided = std::ssize(group.decided_after);
        group.level.median_seconds = nearest_rank(group.decided_after, 50);
        group.level.p90_seconds = nearest_rank(group.decided_after, 90);
        for (const std::int64_t seconds : group.decided_after) group.level.decided_seconds += seconds;
        levels.push_back(std::move(group.level));
    }
    return levels;
}

std::string to_prometheus(const std::vector<GroupLevel>& levels, bool is_complete) {
    Page page(levels);
    page.begin("holdpoint_approvals_pending", "gauge", "Requests that wait for a decision.");
    page.samples("holdpoint_approvals_pending", &GroupLevel::pending);
    page.begin("holdpoint_approvals_oldest_pending_seconds", "gauge", "How long the oldest of them has waited.");
    page.samples("holdpoint_approvals_oldest_pending_seconds", &GroupLevel::oldest_seconds);
    constexpr std::string_view kDecision = "holdpoint_approvals_time_to_decision_seconds";
    page.begin(kDecision, "summary", "Time from a request to its decision, of the requests of the last 30 days.");
    page.samples(kDecision, &GroupLevel::median_seconds, ",quantile=\"0.5\"");
    page.samples(kDecision, &GroupLevel::p90_seconds, ",quantile=\"0.9\"");
    page.samples(fmt::format("{}_sum", kDecision), &GroupLevel::decided_seconds);
    page.samples(fmt::format("{}_count", kDecision), &GroupLevel::decided);
    page.begin("holdpoint_approvals_breached", "gauge", "Requests of the last 30 days that nobody decided in time.");
    page.samples("holdpoint_approvals_breached", &GroupLevel::breached);
    page.begin("holdpoint_approvals_complete", "gauge",
               "1 when all requests were looked at, 0 when there were too many.");
    page.sample("holdpoint_approvals_complete", is_complete ? 1 : 0);
    return page.take();
}

}  // namespace holdpoint::approvals
