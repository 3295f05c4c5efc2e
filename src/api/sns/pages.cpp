#include "api/sns/pages.hpp"

#include <fmt/format.h>

#include "api/respond.hpp"
#include "base/text.hpp"

namespace holdpoint::api::sns {
namespace {

net::Response page(int status, std::string_view title, std::string_view content) {
    return {
        .status = status,
        .headers = {{"Content-Type", "text/html; charset=utf-8"},
                    {"Content-Security-Policy",
                     "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"},
                    {"Referrer-Policy", "no-referrer"},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Cache-Control", "no-store"}},
        .body = fmt::format("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                            "content=\"width=device-width\"><title>{0}</title><style>body{{font:1.1rem/1.5 "
                            "sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem}}button{{font:inherit;"
                            "padding:.5rem 1rem}}</style></head><body><h1>{0}</h1>{1}</body></html>\n",
                            title, content)};
}

}  // namespace

bool wants_page(const net::Request& request) {
    return request.method == "GET" && request.header("Accept").contains("text/html");
}

net::Response confirmed_page() {
    return page(200, "You are subscribed", "<p>Messages will come to your address. Each says how to end that.</p>");
}

net::Response unsubscribe_page(std::string_view subscription_arn, std::string_view token) {
    return page(200, "Unsubscribe?",
                fmt::format("<p>No more messages of this topic will come to your address.</p><form action=\"/\">"
                            "<input type=\"hidden\" name=\"Action\" value=\"Unsubscribe\">"
                            "<input type=\"hidden\" name=\"SubscriptionArn\" value=\"{}\">"
                            "<input type=\"hidden\" name=\"Token\" value=\"{}\">"
                            "<input type=\"hidden\" name=\"Asked\" value=\"true\">"
                            "<button>Unsubscribe</button></form>",
                            xml_escape(subscription_arn), xml_escape(token)));
}

net::Response unsubscribed_page() {
    return page(200, "You are unsubscribed", "<p>No more messages will come.</p>");
}

net::Response refusal_page(int status, std::string_view why) {
    return page(status, "This link is not good", fmt::format("<p>{}</p>", xml_escape(why)));
}

}  // namespace holdpoint::api::sns
