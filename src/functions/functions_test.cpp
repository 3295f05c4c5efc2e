// Names of functions, versions that never change, aliases.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "functions/event_invoke_config.hpp"
#include "functions/registry.hpp"

namespace holdpoint::functions {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TimePoint kNow = from_epoch_ms(1'700'000'000'000);

/// Rows in a map: what the store promises, without a store.
class Rows final : public RowReader {
public:
    std::optional<std::string> get(Space space, std::string_view key) const override {
        const auto found = rows_.find({space, std::string(key)});
        return found == rows_.end() ? std::nullopt : std::optional(found->second);
    }
    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        std::vector<Row> result;
        for (const auto& [key, value] : rows_) {
            if (key.first == space && key.second >= from && (to.empty() || key.second < to)) {
                result.push_back({key.second, value});
            }
        }
        if (reverse) std::reverse(result.begin(), result.end());
        if (result.size() > limit) result.resize(limit);
        return result;
    }
    template <class T>
    T apply(Result<Decided<T>> decided) {
        EXPECT_TRUE(decided) << decided.error().message;
        write(decided->writes);
        return decided->answer;
    }
    void write(const std::vector<RowWrite>& writes) {
        for (const RowWrite& write : writes) {
            if (write.value) {
                rows_[{write.space, write.key}] = *write.value;
            } else {
                rows_.erase({write.space, write.key});
            }
        }
    }

private:
    std::map<std::pair<Space, std::string>, std::string> rows_;
};

Function make(std::string name, std::string code = "c1") {
    Function function;
    function.name = std::move(name);
    function.code_sha256 = std::move(code);
    function.durable = DurableConfig{.execution_timeout_seconds = 60};
    return function;
}

Result<Function> find(const Rows& rows, std::string_view name) {
    return resolve(rows, read_reference(name).value(), "us-east-1", "000000000000");
}

TEST(Tenants, AreNamedWhereTheyAreKeptApartAndNowhereElse) {
    Function function = make("f");
    EXPECT_TRUE(check_tenant(function, ""));
    EXPECT_EQ(check_tenant(function, "blue").error().message,
              "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request "
              "and try again.");
    function.tenant_isolation = true;
    EXPECT_TRUE(check_tenant(function, "blue"));
    EXPECT_EQ(check_tenant(function, "").error().message,
              "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and "
              "try again.");
    for (const std::string& wrong : {std::string("a;b"), std::string(257, 'a')}) {
        EXPECT_EQ(check_tenant(function, wrong).error().name, "ValidationException");
    }
}

TEST(Tenants, AreChosenWhenAFunctionIsCreated) {
    Rows rows;
    Function function = make("f");
    function.tenant_isolation = true;
    rows.apply(create_function(rows, function, {}, "1"));
    EXPECT_TRUE(find(rows, "f")->tenant_isolation);
    function.tenant_isolation = false;
    const auto refused = update_function(rows, function, {}, "2");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().name, "InvalidParameterValueException");
}

TEST(References, AreReadInEveryForm) {
    const auto whole = read_reference("arn:aws:lambda:us-east-1:000000000000:function:f:3").value();
    EXPECT_EQ(whole.name, "f");
    EXPECT_EQ(whole.qualifier, "3");
    EXPECT_EQ(read_reference("000000000000:function:f").value().name, "f");
    EXPECT_EQ(read_reference("f:$LATEST").value().qualifier, "$LATEST");
    EXPECT_EQ(read_reference("f", "live").value().qualifier, "live");
    EXPECT_EQ(read_reference("f:1", "2").error().name, "InvalidParameterValueException");
    EXPECT_EQ(read_reference("a b").error().name, "ValidationException");
    const std::string alias(128, 'a');
    EXPECT_EQ(read_reference("f:" + alias).value().qualifier, alias) << "as long as an alias may be";
    EXPECT_EQ(read_reference("f", alias).value().qualifier, alias);
    EXPECT_EQ(read_reference("f:" + alias + "a").error().name, "ValidationException");
}

// Where they cannot be there they are not found, which the operation of an invoke tells its handler.
TEST(References, OfTheModelAreNoneToRefuse) {
    for (const std::string name : {"orders.v2:1", "f:$LATEST.PUBLISHED",
                                   "a-name-of-more-than-the-64-characters-that-create-function-takes-here"}) {
        const auto reference = read_reference(name);
        ASSERT_TRUE(reference) << name;
        EXPECT_EQ(find(Rows(), name).error().name, "ResourceNotFoundException") << name;
    }
    EXPECT_TRUE(read_reference("f", "$LATEST.PUBLISHED"));
    EXPECT_EQ(read_reference("f:$OLDEST").error().name, "ValidationException");
    EXPECT_EQ(read_reference(std::string(257, 'f')).error().name, "ValidationException");
}

// A policy is asked about one ARN; what reads as another one must not reach the same function.
TEST(References, OnePlaceAndOneSpelling) {
    for (const std::string place : {":", "us-east-1:", ":000000000000"}) {
        EXPECT_EQ(read_reference("arn:aws:lambda:" + place + ":function:f").error().name, "ValidationException")
            << place;
        EXPECT_FALSE(check_destination("OnSuccess", "arn:aws:lambda:" + place + ":function:f", true)) << place;
    }
    EXPECT_EQ(read_reference(":function:f").error().name, "ValidationException");
    EXPECT_TRUE(check_destination("OnSuccess", "arn:aws:lambda:us-east-1:000000000000:function:f:live", true));
    Rows rows;
    rows.apply(create_function(rows, make("f"), kNow, "r1"));
    rows.apply(publish_version(rows, "f", "", kNow, "r2"));
    EXPECT_TRUE(find(rows, "000000000000:function:f"));
    EXPECT_EQ(find(rows, "999999999999:function:f").error().name, "ResourceNotFoundException");
    EXPECT_TRUE(find(rows, "f:1"));
    EXPECT_EQ(find(rows, "f:01").error().name, "ResourceNotFoundException");
    EXPECT_FALSE(delete_function(rows, read_reference("f:01").value()));
}

TEST(Registry, VersionsNeverChange) {
    Rows rows;
    rows.apply(create_function(rows, make("f"), kNow, "r1"));
    EXPECT_EQ(rows.apply(publish_version(rows, "f", "", kNow, "r2")).version, "1");
    EXPECT_EQ(rows.apply(publish_version(rows, "f", "", kNow, "r3")).version, "1") << "nothing changed";
    rows.apply(update_function(rows, make("f", "c2"), kNow, "r4"));
    EXPECT_EQ(rows.apply(publish_version(rows, "f", "", kNow, "r5")).version, "2");
    EXPECT_EQ(find(rows, "f:1")->code_sha256, "c1");
    EXPECT_EQ(find(rows, "f:2")->code_sha256, "c2");
    EXPECT_EQ(find(rows, "f")->version, "$LATEST");
    EXPECT_THAT(code_in_use(rows), ElementsAre("c1", "c2"));
}

TEST(Registry, NumbersAreNotUsedAgain) {
    Rows rows;
    rows.apply(create_function(rows, make("f"), kNow, "r1"));
    rows.apply(publish_version(rows, "f", "", kNow, "r2"));
    rows.write(delete_function(rows, read_reference("f:1").value()).value());
    EXPECT_EQ(rows.apply(publish_version(rows, "f", "", kNow, "r3")).version, "2");
}

// An execution that waits goes on with the version that it started with, or not at all.
TEST(Registry, NumbersAreNotUsedAgainByTheNextFunctionOfTheName) {
    Rows rows;
    rows.apply(create_function(rows, make("f"), kNow, "r1"));
    rows.apply(publish_version(rows, "f", "", kNow, "r2"));
    rows.write(delete_function(rows, read_reference("f").value()).value());
    EXPECT_TRUE(list_functions(rows, {}, 10).empty());
    EXPECT_TRUE(code_in_use(rows).empty());
    EXPECT_FALSE(list_versions(rows, "f", {}, 10));
    rows.apply(create_function(rows, make("e"), kNow, "r3"));
    rows.apply(create_function(rows, make("g"), kNow, "r4"));
    EXPECT_EQ(list_functions(rows, {}, 10).size(), 2U);
    EXPECT_EQ(list_functions(rows, "e", 10).size(), 1U);
    rows.apply(create_function(rows, make("f", "c2"), kNow, "r5"));
    EXPECT_EQ(list_functions(rows, {}, 10).size(), 3U);
    EXPECT_EQ(rows.apply(publish_version(rows, "f", "", kNow, "r6")).version, "2");
    EXPECT_FALSE(find(rows, "f:1"));
}

TEST(Registry, RefusesWhatAwsRefuses) {
    Rows rows;
    rows.apply(create_function(rows, make("f"), kNow, "r1"));
    EXPECT_EQ(create_function(rows, make("f"), kNow, "r").error().name, "ResourceConflictException");
    EXPECT_THAT(find(rows, "g").error().message,
                HasSubstr("Function not found: arn:aws:lambda:us-east-1:000000000000:function:g"));
    Function plain = make("f");
    plain.durable.reset();
    EXPECT_THAT(update_function(rows, plain, kNow, "r").error().message, HasSubstr("can only be switched on or off"));
    Function greedy = make("h");
    greedy.environment["AWS_REGION"] = "x";
    EXPECT_THAT(create_function(rows, greedy, kNow, "r").error().message, HasSubstr("reserved keys"));
    greedy = make("h");
    greedy.timeout_seconds = 901;
    EXPECT_THAT(create_function(rows, greedy, kNow, "r").error().message,
                HasSubstr("Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or "
                          "equal to 900"));
    for (const std::string& name :
         {std::string("two words"), std::string("a.b"), std::string(65, 'n'), std::string()}) {
        EXPECT_EQ(create_function(rows, make(name), kNow, "r").error().message,
                  "Function name '" + name + "' must be 1 to 64 characters of [a-zA-Z0-9-_].");
    }
}

// What is read from there is believed to be the server's own.
TEST(Registry, NoFunctionWritesIntoTheServersLogGroups) {
    Rows rows;
    Function function = make("f");
    function.log_group = "/holdpoint/outbox";
    const auto refused = create_function(rows, function, kNow, "r1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().name, "InvalidParameterValueException");
    EXPECT_THAT(refused.error().message, HasSubstr("/holdpoint/outbox"));
    rows.apply(create_function(rows, make("f"), kNow, "r1"));
    EXPECT_FALSE(update_function(rows, function, kNow, "r2"));
    function.log_group = "/holdpoints";
    EXPECT_TRUE(update_function(rows, function, kNow, "r2"));
}

TEST(Registry, AliasesPointToVersions) {
    Rows rows;
    rows.apply(create_function(rows, make("f"), kNow, "r1"));
    rows.apply(publish_version(rows, "f", "", kNow, "r2"));
    rows.apply(create_alias(rows, "f", {.name = "live", .version = "1", .description = {}, .revision_id = {}}));
    EXPECT_EQ(find(rows, "f:live")->version, "1");
    EXPECT_EQ(create_alias(rows, "f", {.name = "x", .version = "9", .description = {}, .revision_id = {}}).error().name,
              "ResourceNotFoundException");
    EXPECT_EQ(delete_function(rows, read_reference("f:1").value()).error().name, "ResourceConflictException");
    rows.write(delete_function(rows, read_reference("f").value()).value());
    EXPECT_FALSE(find(rows, "f:live"));
    EXPECT_TRUE(list_functions(rows, {}, 10).empty());
}

TEST(Registry, ARoutedAliasSharesInvocationsBetweenTwoVersions) {
    Rows rows;
    rows.apply(create_function(rows, make("f"), kNow, "r1"));
    rows.apply(publish_version(rows, "f", "", kNow, "r2"));
    rows.apply(update_function(rows, make("f", "c2"), kNow, "r3"));
    rows.apply(publish_version(rows, "f", "", kNow, "r4"));
    Alias alias;
    alias.name = "live";
    alias.version = "1";
    alias.routed_version = "2";
    alias.routed_weight = 0.25;
    rows.apply(create_alias(rows, "f", alias));
    EXPECT_EQ(get_alias(rows, "f", "live"), alias);
    const auto chosen = [&](double chance) {
        return choose(rows, read_reference("f:live").value(), "us-east-1", "000000000000", chance)->version;
    };
    EXPECT_EQ(chosen(0.24), "2");
    EXPECT_EQ(chosen(0.25), "1");
    EXPECT_EQ(delete_function(rows, read_reference("f:2").value()).error().name, "ResourceConflictException");
    const auto refused = [&](std::string version, std::string routed, double weight) {
        alias.version = std::move(version);
        alias.routed_version = std::move(routed);
        alias.routed_weight = weight;
        return update_alias(rows, "f", alias).error().message;
    };
    EXPECT_THAT(refused("$LATEST", "2", 0.5), HasSubstr("$LATEST is not supported"));
    EXPECT_THAT(refused("1", "$LATEST", 0.5), HasSubstr("$LATEST is not supported"));
    EXPECT_THAT(refused("1", "1", 0.5), HasSubstr("already included"));
    EXPECT_THAT(refused("1", "2", 1.5), HasSubstr("between 0.0 and 1.0"));
    EXPECT_THAT(refused("1", "9", 0.5), HasSubstr("Function not found: f:9"));
}

TEST(Registry, ListsInPages) {
    Rows rows;
    for (const char* name : {"a", "b", "c"}) rows.apply(create_function(rows, make(name), kNow, "r"));
    EXPECT_EQ(list_functions(rows, "a", 1).at(0).name, "b");
    EXPECT_EQ(list_functions(rows, {}, 10).size(), 3U);
    rows.apply(publish_version(rows, "a", "", kNow, "r"));
    EXPECT_EQ(list_versions(rows, "a", {}, 10)->size(), 2U);
    EXPECT_EQ(list_versions(rows, "a", "$LATEST", 10)->at(0).version, "1");
}

}  // namespace
}  // namespace holdpoint::functions
