#include "approvals/domain/json_parts.hpp"

#include <algorithm>
#include <istream>
#include <utility>

namespace holdpoint::approvals {

namespace {

/// Follows a line as far as it takes to know where a list of the outermost object and its elements begin and end. That
/// all of it is JSON is for whoever reads the parts to see: each character is in one of them.
class Splitter {
public:
    explicit Splitter(const std::vector<TakenList>& lists) : lists_(lists) {}

    void take(char c) {
        const bool was_in_text = in_text_;
        in_text_ = was_in_text ? c != '"' || is_escaped_ : c == '"';
        is_escaped_ = was_in_text && !is_escaped_ && c == '\\';
        if (was_in_text || in_text_) {
            if (!was_in_text) name_.clear();
            if (was_in_text && in_text_ && depth_ == 1) name_ += c;
            return put(c);
        }
        if (c == ']' || c == '}') --depth_;
        if (list_ != nullptr && depth_ == 1) end_list();
        if (list_ != nullptr && depth_ == 2 && c == ',') return end_element();
        put(c);
        if (c != '[' && c != '{') return;
        if (++depth_ == 2 && c == '[') begin_list();
    }

    std::string rest() { return std::move(rest_); }

private:
    void begin_list() {
        const auto list = std::ranges::find(lists_, name_, &TakenList::name);
        if (list == lists_.end()) return;
        list_ = &*list;
        is_empty_ = true;
    }

    void end_element() {
        list_->take(std::exchange(element_, {}));
        is_empty_ = false;
    }

    void end_list() {
        if (!is_empty_ || !element_.empty()) end_element();
        list_ = nullptr;
    }

    void put(char c) { (list_ == nullptr ? rest_ : element_) += c; }

    const std::vector<TakenList>& lists_;
    const TakenList* list_ = nullptr;  // within which we are
    bool is_empty_ = true;
    std::string element_;
    std::string name_;  // the last text of the outermost object
    std::string rest_;
    int depth_ = 0;
    bool in_text_ = false;
    bool is_escaped_ = false;
};

constexpr int kEnd = std::char_traits<char>::eof();

std::string take_until(int end, std::istream& in, const std::vector<TakenList>& lists) {
    Splitter splitter(lists);
    std::streambuf& bytes = *in.rdbuf();
    for (int c = bytes.sbumpc(); c != kEnd && c != end; c = bytes.sbumpc()) splitter.take(static_cast<char>(c));
    return splitter.rest();
}

}  // namespace

std::string take_lists(std::istream& document, const std::vector<TakenList>& lists) {
    return take_until(kEnd, document, lists);
}

std::string take_lists_of_line(std::istream& lines, const std::vector<TakenList>& lists) {
    return take_until('\n', lines, lists);
}

}  // namespace holdpoint::approvals
