// How much memory it takes to check and to seal a trail: no more for many requests than for few.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "approvals/repository/items.hpp"
#include "approvals/repository/stack_check.hpp"
#include "approvals/sealing/sealing.hpp"
#include "base/scratch_file.hpp"

namespace {

/// Bytes that are allocated now, and the most that were at once. One thread allocates.
std::size_t live = 0;
std::size_t peak = 0;

}  // namespace

// For the whole program, so it is one of its own.
void* operator new(std::size_t size) {
    void* made = std::malloc(size == 0 ? 1 : size);
    if (made == nullptr) throw std::bad_alloc();
    live += malloc_usable_size(made);
    peak = std::max(peak, live);
    return made;
}

void operator delete(void* made) noexcept {
    if (made != nullptr) live -= malloc_usable_size(made);
    std::free(made);
}

void operator delete(void* made, std::size_t) noexcept {
    operator delete(made);
}

namespace holdpoint::approvals {
namespace {

namespace json = boost::json;
using ::testing::IsEmpty;

constexpr std::size_t kFew = 1000;
constexpr std::size_t kMany = 4000;
constexpr std::size_t kBufferBytes = std::size_t{128} * 1024;
/// Open files, and what is wrong with nothing.
constexpr std::size_t kSlackBytes = std::size_t{512} * 1024;

/// Tables with so many requests that wait, none of which it keeps: each is made anew whenever it is asked for.
class ManyRequests final : public net::Transport {
public:
    explicit ManyRequests(std::size_t count) : count_(count) {}

    std::expected<net::Response, net::TransportError> send(const net::Endpoint&, const net::Request& request,
                                                           const net::Timeouts&) override {
        const std::string_view target = request.header("X-Amz-Target");
        const json::object asked = json::parse(request.body).as_object();
        json::object answer;
        if (target.ends_with(".Scan")) answer = scan(asked);
        if (target.ends_with(".GetItem")) answer = get(std::string(asked.at("Key").at("name").at("S").as_string()));
        if (target.ends_with(".PutItem")) put(asked.at("Item").as_object());
        return net::Response{.status = 200, .headers = {}, .body = json::serialize(answer)};
    }

private:
    static constexpr std::size_t kInPage = 50;
    static constexpr std::size_t kChainsInPart = 500;
    static constexpr std::size_t kStride = 7;  // a table has its own order

    static ApprovalRequest request(std::size_t number) {
        ApprovalRequest one;
        one.approval_id = fmt::format("{:036}", number);
        one.document_name = "Quarterly budget";
        one.requester = "somebody@example.com";
        one.created_at = one.updated_at = "2026-11-26T08:00:00.000Z";
        one.expires_at = "2026-11-27T08:00:00.000Z";
        one.execution_arn = "arn:aws:lambda:us-east-1:000000000000:function:workflow";
        return one;
    }

    static std::vector<AuditRecord> chain(std::size_t number) {
        SeededRandom random(number);
        const ApprovalRequest one = request(number);
        AuditEvent created{.event = "created", .at = one.created_at};
        created.personal = {{"document_name", one.document_name}, {"requester", one.requester}};
        created.shown_digest = shown_digest(one);
        std::vector<AuditRecord> records = {next_record(one.approval_id, nullptr, created, random)};
        const AuditEvent notified{.event = "notified", .at = one.created_at};
        records.push_back(next_record(one.approval_id, &records.front(), notified, random));
        return records;
    }

    json::object scan(const json::object& asked) const {
        const json::string& table = asked.at("TableName").as_string();
        json::array items;
        if (table == "settings") {
            for (const auto& [name, item] : settings_) {
                if (name.starts_with("audit-head/")) items.push_back(item);
            }
            return {{"Items", std::move(items)}};
        }
        const json::value* start = asked.if_contains("ExclusiveStartKey");
        const std::size_t begin =
            start == nullptr ? 0 : static_cast<std::size_t>(std::stoul(std::string(start->at("at").as_string())));
        const std::size_t end = std::min(begin + kInPage, count_);
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t number = i * kStride % count_;
            if (table == "approvals") {
                items.push_back(to_item(request(number)));
            } else {
                for (const AuditRecord& record : chain(number)) items.push_back(to_item(record));
            }
        }
        json::object answer{{"Items", std::move(items)}};
        if (end < count_) answer["LastEvaluatedKey"] = {{"at", std::to_string(end)}};
        return answer;
    }

    json::object get(const std::string& name) const {
        if (const auto found = settings_.find(name); found != settings_.end()) return {{"Item", found->second}};
        if (!name.starts_with("audit-head-chains/")) return {};
        const std::size_t begin = std::stoul(name.substr(name.rfind('/') + 1)) * kChainsInPart;
        json::array chains;
        for (std::size_t number = begin; number < std::min(begin + kChainsInPart, count_); ++number) {
            const AuditRecord last = chain(number).back();
            chains.push_back(json::object{{"M",
                                           {{"approval_id", to_attribute(last.approval_id)},
                                            {"seq", to_attribute(last.seq)},
                                            {"hash", to_attribute(last.hash)}}}});
        }
        if (chains.empty()) return {};
        return {{"Item", {{"chains", {{"L", std::move(chains)}}}}}};
    }

    void put(const json::object& item) {
        std::string name(item.at("name").at("S").as_string());
        if (!name.starts_with("audit-head-chains/")) settings_[std::move(name)] = item;
    }

    std::size_t count_;
    std::map<std::string, json::object> settings_;
};

aws::Configuration configuration() {
    aws::Configuration made;
    made.credentials = {.access_key_id = "key", .secret_access_key = "secret", .session_token = {}};
    made.region = "us-east-1";
    made.endpoint_url = "http://127.0.0.1:1";
    return made;
}

/// What each took at once, of so many requests.
struct Peaks {
    std::size_t first_seal = 0;
    std::size_t next_seal = 0;
    std::size_t check = 0;
};

template <class Work>
std::size_t peak_of(Work work) {
    const std::size_t before = live;
    peak = live;
    work();
    return peak - before;
}

Peaks peaks_of(std::size_t count) {
    ManyRequests tables(count);
    ManualClock clock(from_epoch_ms(1'764'000'000'000));
    SeededRandom random(1);
    aws::Client client(configuration(), tables, clock, random, [](std::chrono::milliseconds) {});
    AuditStore store(client, "audit", "settings");
    SigningKeys keys(client, "settings", clock, random);
    const auto seal_again = [&](bool is_new) {
        with_scratch_files([&](const Scratch& scratch) {
            const auto sealing = seal(store, keys, clock, scratch, kBufferBytes);
            ASSERT_TRUE(sealing);
            EXPECT_THAT(sealing->problems, IsEmpty());
            EXPECT_EQ(sealing->is_new, is_new);
            EXPECT_EQ(sealing->chains, static_cast<std::int64_t>(count));
        });
    };
    Peaks peaks;
    peaks.first_seal = peak_of([&] { seal_again(true); });
    peaks.next_seal = peak_of([&] { seal_again(false); });
    const auto repository = make_repository(client, {.approvals = "approvals", .audit = "audit"}, clock, random);
    peaks.check = peak_of([&] {
        with_scratch_files([&](const Scratch& scratch) {
            const auto found =
                verify_stack({.store = store, .repository = *repository, .keys = keys, .approvals_table = "approvals"},
                             "", scratch, kBufferBytes);
            ASSERT_TRUE(found);
            EXPECT_THAT(found->problems, IsEmpty());
            EXPECT_EQ(found->approvals, static_cast<std::int64_t>(count));
            EXPECT_EQ(found->sealed.signatures, 1);
        });
    });
    return peaks;
}

TEST(Memory, IsTheSameForManyRequestsAsForFew) {
    const Peaks few = peaks_of(kFew);
    const Peaks many = peaks_of(kMany);
    EXPECT_LT(many.first_seal, few.first_seal + kSlackBytes);
    EXPECT_LT(many.next_seal, few.next_seal + kSlackBytes);
    EXPECT_LT(many.check, few.check + kSlackBytes);
}

}  // namespace
}  // namespace holdpoint::approvals
