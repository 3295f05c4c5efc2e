#include "approvals/repository/list_index.hpp"

#include "approvals/repository/items.hpp"
#include "approvals/repository/repository.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace json = boost::json;

ListIndex index_of(ListOrder order) {
    if (order == ListOrder::urgent) return {.name = "ExpiryIndex", .key = "expires_at", .forward = true};
    return {.name = "StatusIndex", .key = "created_at", .forward = false};
}

std::optional<json::object> start_key(const ListRequest& request) {
    constexpr std::size_t kKeyMax = 1024;
    boost::system::error_code problem;
    const json::value read = json::parse(base64_decode(request.next_token).value_or(""), problem);
    const json::object* key = problem ? nullptr : read.if_object();
    if (key == nullptr || key->size() != 3) return std::nullopt;
    for (const std::string_view name :
         {std::string_view("approval_id"), std::string_view("status"), index_of(request.order).key}) {
        const json::value* attribute = key->if_contains(name);
        const json::object* typed = attribute == nullptr ? nullptr : attribute->if_object();
        const json::value* value = typed == nullptr || typed->size() != 1 ? nullptr : typed->if_contains("S");
        const json::string* content = value == nullptr ? nullptr : value->if_string();
        if (content == nullptr || content->empty() || content->size() > kKeyMax) return std::nullopt;
        if (name == "status" && *content != to_string(request.status)) return std::nullopt;
    }
    return *key;
}

std::string list_token(ListOrder order, const ApprovalRequest& last) {
    const ListIndex index = index_of(order);
    return base64_encode(json::serialize(
        json::object{{"approval_id", to_attribute(last.approval_id)},
                     {"status", to_attribute(to_string(last.status))},
                     {index.key, to_attribute(order == ListOrder::urgent ? last.expires_at : last.created_at)}}));
}

}  // namespace holdpoint::approvals
