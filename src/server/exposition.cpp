#include "server/exposition.hpp"

#include <fmt/format.h>

#include <iterator>

namespace holdpoint::server {

void Exposition::metric(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void Exposition::sample(std::string_view labels, double value) {
    const bool bare = labels.empty();
    fmt::format_to(std::back_inserter(text_), "{}{}{}{} {}\n", name_, bare ? "" : "{", labels, bare ? "" : "}", value);
}

void Exposition::histogram(std::string_view labels, const Histogram& histogram, double unit) {
    const auto reading = histogram.read();
    const std::string_view comma = labels.empty() ? "" : ",";
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < reading.counts.size(); ++i) {
        below += reading.counts[i];
        const std::string bound = i < reading.bounds.size()
                                      ? fmt::format("{:.6g}", static_cast<double>(reading.bounds[i]) * unit)
                                      : std::string("+Inf");
        fmt::format_to(std::back_inserter(text_), "{}_bucket{{{}{}le=\"{}\"}} {}\n", name_, labels, comma, bound,
                       below);
    }
    const std::string braced = labels.empty() ? std::string() : fmt::format("{{{}}}", labels);
    fmt::format_to(std::back_inserter(text_), "{0}_sum{1} {2}\n{0}_count{1} {3}\n", name_, braced,
                   static_cast<double>(reading.sum) * unit, below);
}

}  // namespace holdpoint::server
