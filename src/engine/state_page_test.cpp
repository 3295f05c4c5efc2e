#include "engine/state_page.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "wire/durable_json.hpp"

namespace holdpoint::engine {
namespace {

// Their bytes were counted as they are in memory: with quotes a page was twice as large as an answer may be.
TEST(StatePageTest, APageIsAsLargeAsItsJson) {
    constexpr std::size_t kBytesMax = std::size_t{5} * 1024 * 1024;
    core::Head head;
    head.id = "e";
    core::Execution execution(head);
    for (int i = 0; i < 12; ++i) {
        core::Change change;
        change.id = std::to_string(i);
        change.definition.emplace();
        change.kind = i % 2 == 0 ? core::ChangeKind::succeeded : core::ChangeKind::failed;
        const std::string text(std::size_t{1024} * 1024, i % 3 == 0 ? '\x01' : '"');
        if (i % 2 == 0) {
            change.payload = text;
        } else {
            change.error.emplace().message = text;
        }
        execution.apply(std::vector<core::Change>{change});
    }
    std::string marker;
    std::size_t operations = 0;
    do {
        const StatePage page = page_of(execution, marker, SIZE_MAX, kBytesMax);
        std::size_t bytes = 0;
        for (const auto& operation : page.operations)
            bytes += boost::json::serialize(wire::to_json(operation, wire::TimeFormat::api_seconds)).size();
        if (page.operations.size() > 1) {
            EXPECT_LE(bytes, kBytesMax);
        }
        operations += page.operations.size();
        marker = page.next_marker;
    } while (!marker.empty());
    EXPECT_EQ(operations, 13U) << "with the EXECUTION operation";
}

}  // namespace
}  // namespace holdpoint::engine
