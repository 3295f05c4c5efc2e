#include "api/deploy/slices.hpp"

#include <algorithm>

#include "core/rows.hpp"
#include "tables/jobs.hpp"

namespace holdpoint::api {

namespace {

std::vector<std::string> resources_of(const Stack& stack, std::string_view type) {
    std::vector<std::string> names;
    for (const StackResource& resource : stack.resources) {
        if (resource.type == type) names.push_back(resource.physical_id);
    }
    return names;
}

}  // namespace

bool OpenExecutions::look(const RowReader& rows, const std::vector<std::string>& functions) {
    std::size_t left = 500;
    for (const std::string& function : functions) {
        std::string prefix;
        append_key_part(prefix, function);
        std::string& from = reached_.try_emplace(function, prefix).first->second;
        const auto page = rows.scan(Space::executions_by_function, from, prefix_end(prefix), left);
        for (const Row& row : page) {
            std::string_view number(row.key);
            number.remove_prefix(number.size() - sizeof(std::uint64_t));
            const auto head = core::read_head(rows, *take_key_number(number));
            if (head && head->status == wire::ExecutionStatus::running) ++found_;
        }
        if (!page.empty()) from = page.back().key + '\0';
        left -= page.size();
        if (left == 0) return false;
    }
    return true;
}

void count_open(engine::Writer& writer, std::vector<std::string> functions, OpenExecutions open,
                std::move_only_function<void(std::size_t)> done) {
    writer.submit([&writer, functions = std::move(functions), open = std::move(open), done = std::move(done)](
                      store::Transaction& rows, TimePoint) mutable -> engine::AfterCommit {
        if (open.look(rows, functions))
            return [found = open.found(), done = std::move(done)]() mutable { done(found); };
        return [&writer, functions = std::move(functions), open = std::move(open), done = std::move(done)]() mutable {
            count_open(writer, std::move(functions), std::move(open), std::move(done));
        };
    });
}

std::vector<std::string> functions_of(const Stack& stack) {
    return resources_of(stack, "AWS::Serverless::Function");
}

std::vector<std::string> tables_of(const Stack& stack) {
    return resources_of(stack, "AWS::DynamoDB::Table");
}

void finish_jobs(engine::Writer& writer, std::vector<std::string> tables, engine::AfterCommit done) {
    writer.submit(
        [&writer, tables = std::move(tables), done = std::move(done)](store::Transaction& rows, TimePoint) mutable {
            const bool finished =
                std::ranges::none_of(tables, [&](const std::string& name) { return tables::has_jobs(rows, name); });
            if (finished) return std::move(done);
            rows.apply(tables::continue_jobs(rows));
            return engine::AfterCommit([&writer, tables = std::move(tables), done = std::move(done)]() mutable {
                finish_jobs(writer, std::move(tables), std::move(done));
            });
        });
}

}  // namespace holdpoint::api
