// Exposition: metrics in Prometheus's text format 0.0.4.
#pragma once

#include <string>
#include <string_view>

#include "base/meters.hpp"

namespace holdpoint::server {

class Exposition {
public:
    /// What follows belongs to this metric; `type` is counter, gauge or histogram.
    void metric(std::string_view name, std::string_view type, std::string_view help);
    /// `labels` is such as `service="lambda",status="200"`, or empty; values in it need no escape.
    void sample(std::string_view labels, double value);
    /// `unit` is what one of the histogram's numbers is, in the metric's unit: 1e-6 for microseconds as seconds.
    void histogram(std::string_view labels, const Histogram& histogram, double unit);

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
    std::string name_;
};

}  // namespace holdpoint::server
