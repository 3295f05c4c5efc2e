// Filter policies for bodies against a model that knows no lists: a body passes when one of the bodies does that have
// one element in place of each list.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <boost/json.hpp>

#include "topics/filter_policy.hpp"

namespace holdpoint::topics {
namespace {

namespace json = boost::json;

/// Every body that has one element in place of each list; an empty list is like a member that is not there.
std::vector<json::object> without_lists(const json::object& body) {
    std::vector<json::object> all{{}};
    for (const auto& [name, value] : body) {
        std::vector<json::value> choices;
        const json::array elements = value.is_array() ? value.get_array() : json::array{value};
        for (const json::value& element : elements) {
            if (!element.is_object()) {
                choices.push_back(element);
                continue;
            }
            for (json::object& choice : without_lists(element.get_object())) choices.emplace_back(std::move(choice));
        }
        if (choices.empty()) continue;
        std::vector<json::object> longer;
        for (const json::object& begun : all) {
            for (const json::value& choice : choices) {
                longer.push_back(begun);
                longer.back()[name] = choice;
            }
        }
        all = std::move(longer);
    }
    return all;
}

bool model_condition(const json::value& condition, const json::value* value) {
    const auto* object = condition.if_object();
    if (object != nullptr && object->contains("exists")) return object->at("exists").as_bool() == (value != nullptr);
    if (value == nullptr) return false;
    if (object == nullptr) return condition == *value;
    if (const auto* excluded = object->if_contains("anything-but")) return *excluded != *value;
    return value->is_string() && std::string_view(value->get_string()).starts_with(object->at("prefix").as_string());
}

bool model_passes(const json::object& policy, const json::object& body) {
    for (const auto& [name, wanted] : policy) {
        if (name == "$or") {
            const auto& two = wanted.as_array();
            if (!model_passes(two.at(0).as_object(), body) && !model_passes(two.at(1).as_object(), body)) return false;
            continue;
        }
        const json::value* value = body.if_contains(name);
        if (wanted.is_object()) {
            const bool is_within = value != nullptr && value->is_object();
            if (!model_passes(wanted.get_object(), is_within ? value->get_object() : json::object())) return false;
            continue;
        }
        const json::value* leaf = value != nullptr && value->is_object() ? nullptr : value;
        bool any = false;
        for (const json::value& condition : wanted.as_array()) any = any || model_condition(condition, leaf);
        if (!any) return false;
    }
    return true;
}

json::value random_leaf() {
    switch (*rc::gen::inRange(0, 4)) {
        case 0:
            return json::value(*rc::gen::inRange(0, 3));
        case 1:
            return json::value(*rc::gen::arbitrary<bool>());
        case 2:
            return nullptr;
        default:
            return json::value(*rc::gen::element("x", "xy", "y"));
    }
}

json::value random_conditions() {
    json::array conditions;
    for (int i = *rc::gen::inRange(1, 3); i > 0; --i) {
        switch (*rc::gen::inRange(0, 4)) {
            case 0:
                conditions.push_back(json::object{{"exists", *rc::gen::arbitrary<bool>()}});
                break;
            case 1:
                conditions.push_back(json::object{{"prefix", "x"}});
                break;
            case 2:
                conditions.push_back(json::object{{"anything-but", "x"}});
                break;
            default:
                conditions.push_back(random_leaf());
        }
    }
    return conditions;
}

/// Lists are of leaves or of objects.
json::object random_body(int depth) {
    json::object body;
    for (const char* name : {"a", "b", "c", "d"}) {
        const int kind = *rc::gen::inRange(0, depth > 0 ? 5 : 3);
        if (kind == 0) continue;
        if (kind == 1) body[name] = random_leaf();
        if (kind == 3) body[name] = random_body(depth - 1);
        if (kind != 2 && kind != 4) continue;
        json::array list;
        for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
            list.push_back(kind == 2 ? random_leaf() : json::value(random_body(depth - 1)));
        body[name] = std::move(list);
    }
    return body;
}

/// A name stands once in what must match together: of a list, different conditions may take different elements.
json::object random_policy(int depth) {
    json::object policy;
    for (const char* name : {"a", "b"}) {
        const int kind = *rc::gen::inRange(0, depth > 0 ? 3 : 2);
        if (kind == 1) policy[name] = random_conditions();
        if (kind == 2) {
            json::object within = random_policy(depth - 1);
            if (!within.empty()) policy[name] = std::move(within);
        }
    }
    if (*rc::gen::arbitrary<bool>()) {
        policy["$or"] = json::array{json::object{{"c", random_conditions()}}, json::object{{"d", random_conditions()}}};
    }
    return policy;
}

TEST(FilterPolicyProperty, BodiesPassAsTheModelSays) {
    EXPECT_TRUE(rc::check("random policies over random bodies", [] {
        const json::object policy = random_policy(1);
        const json::object body = random_body(1);
        const std::string text = json::serialize(policy);
        RC_PRE(check_filter_policy(text, FilterScope::message_body).has_value());
        bool expected = false;
        for (const json::object& one : without_lists(body)) expected = expected || model_passes(policy, one);
        RC_LOG() << text << " on " << json::serialize(body);
        RC_ASSERT(passes_body_filter_policy(text, json::serialize(body)) == expected);
    }));
}

}  // namespace
}  // namespace holdpoint::topics
