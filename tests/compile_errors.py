#!/usr/bin/env python3
"""What the compiler says of a wrong handler, body or type: the first error is a sentence that says what is expected."""
import concurrent.futures
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = ["g++", "-std=c++20", "-I", str(ROOT / "include")]
# What all begin with, compiled once.
PREAMBLE = """#include <durable/testing.hpp>
#include <unordered_map>
struct NoDefault { explicit NoDefault(int number) : n(number) {} int n; };
BOOST_DESCRIBE_STRUCT(NoDefault, (), (n))
struct Base { int b = 0; };
struct Derived : Base { int d = 0; };
BOOST_DESCRIBE_STRUCT(Derived, (Base), (d))
"""

HANDLER = "a handler is R(durable::Context&, const Event&)"
FAKE = "a fake function is R(const Event&) or R(const Event&, const durable::testing::Invoked&)"
LAMBDA = "a handler is R(durable::LambdaContext&, const Event&)"
NO_JSON = (
    "describe a struct at namespace scope with BOOST_DESCRIBE_STRUCT, an enum with BOOST_DESCRIBE_ENUM; lists are std::vector, "
    "mappings std::map<std::string, T>; for others give the operation a Serdes and specialise durable::has_no_json"
)
STEP = "the body of a step takes nothing or a durable::StepContext&"
NOEXCEPT = "what has durable operations is not noexcept: one that waits leaves it by throwing"

# What stands in main, and what the first error says; nothing: it compiles.
CASES = [
    ("return durable::run([](durable::Context&, const std::string&) { return 1; });", None),
    ("return durable::run([](const std::string&, durable::Context&) { return 1; });", HANDLER),
    ("return durable::run([](durable::Context&) { return 1; });", HANDLER),
    ("return durable::run([](durable::Context, const std::string&) { return 1; });", HANDLER),
    ("return durable::run([](auto&, const auto&) { return 1; });", HANDLER),
    ("return durable::run(7);", HANDLER),
    ("durable::testing::Runner runner([](durable::Context&) { return 1; });", HANDLER),
    ('tested.fake_function("f", [](const std::string&) { return 1; });', None),
    ('tested.fake_function("f", [](const int&, const durable::testing::Invoked&) { return 1; });', None),
    ('tested.fake_function("f", [] { return 1; });', FAKE),
    ('tested.fake_function("f", [](auto event) { return event; });', FAKE),
    ('tested.fake_function("f", 7);', FAKE),
    ("return durable::run_lambda([](durable::LambdaContext&, const durable::Json&) { return 1; });", None),
    ("return durable::run_lambda([](const durable::Json&, durable::LambdaContext&) { return 1; });", LAMBDA),
    ("return durable::run_lambda([](durable::Context&, const durable::Json&) { return 1; });", LAMBDA),
    ('ctx.step("s", [] { return std::unordered_map<std::string, int>(); });', NO_JSON),
    ('ctx.step("s", [] { return std::pair(1, 2); });', NO_JSON),
    ('ctx.step("s", [] { return \'c\'; });', NO_JSON),
    ('ctx.step("s", [] { return std::vector<char8_t>(); });', NO_JSON),
    ('ctx.step("s", [] { return std::string_view("text"); });', None),
    ('ctx.invoke<int>("i", "f", std::string_view("text"));', None),
    ('ctx.invoke<void>("i", "f", nullptr);', None),
    ('ctx.invoke<int>("i", "f", "text");', None),
    ('(void)durable::to_json(nullptr);', NO_JSON),
    ('ctx.step("s", [] { return NoDefault(1); });', "needs a default constructor"),
    ('ctx.step("s", [] { return Derived(); });', "describe its bases, too"),
    ('ctx.step("s", [] { return std::make_shared<int>(1); });', NO_JSON),
    ('ctx.step("s", [] { return std::map<int, int>(); });', NO_JSON),
    ('ctx.step("s", [] { return std::map<std::string, std::vector<int>>(); });', None),
    ('struct Local { int n = 0; }; ctx.step("s", [] { return Local(); });', NO_JSON),
    ('ctx.invoke<int>("i", "f", std::pair(1, 2));', NO_JSON),
    ("struct Local { int n = 0; }; return durable::run([](durable::Context&, const Local&) { return 1; });", NO_JSON),
    ('ctx.step("s", [](durable::Context&) { return 1; });', STEP),
    ('(void)ctx.step_async("s", [](durable::Context&) { return 1; });', STEP),
    ('ctx.run_in_child_context("c", [] { return 1; });', "the body of a child context takes the child's durable::Context&"),
    ('ctx.map("m", items, [](int n) { return n; });', "the body of a map takes a durable::Context&, the item, and"),
    ('ctx.map("m", items, [](durable::Context&, int n, std::size_t) { return n; });', None),
    ('ctx.with_retry("r", [](durable::Context&) { return 1; });', "the body of with_retry takes the child's durable::Context& and"),
    ('(void)ctx.parallel<int>("p", {[](durable::Context&) { return std::string(); }});', "a branch of parallel<T> answers a T, or what converts to it"),
    ('(void)ctx.parallel<std::string>("p", {[](durable::Context&) { return "text"; }});', None),
    ("return durable::run([](durable::Context&, const std::string&) noexcept { return 1; });", NOEXCEPT),
    ("int (*handler)(durable::Context&, std::string) noexcept = nullptr; return durable::run(handler);", NOEXCEPT),
    ("durable::testing::Runner runner([](durable::Context&, int) noexcept {});", NOEXCEPT),
    ("return durable::run_lambda([](durable::LambdaContext&, int) noexcept { return 1; });", None),
    ('ctx.step("s", []() noexcept { return 1; });', None),
    ('ctx.run_in_child_context("c", [](durable::Context&) noexcept { return 1; });', NOEXCEPT),
    ('(void)ctx.run_in_child_context_async("c", [](durable::Context&) noexcept { return 1; });', NOEXCEPT),
    ('ctx.map("m", items, [](durable::Context&, int n) noexcept { return n; });', NOEXCEPT),
    ('ctx.map("m", items, [](durable::Context&, int n, std::size_t) noexcept { return n; });', NOEXCEPT),
    ('ctx.with_retry("r", [](durable::Context&, int) noexcept { return 1; });', NOEXCEPT),
    ('(void)ctx.parallel<int>("p", {[](durable::Context&) noexcept { return 1; }});', NOEXCEPT),
    ('(void)ctx.parallel<durable::Json>("p", {{"b", [](durable::Context&) noexcept { return 1; }}});', NOEXCEPT),
    ('ctx.wait_for_callback<int>("w", [] {});', "a submitter takes the callback's id (std::string)"),
    ('ctx.wait_for_condition<int>("c", [] { return 1; }, {});', "the check of a condition takes a state"),
]


def precompiled(folder):
    """The header with the preamble, as g++ takes it ready-made."""
    header = Path(folder) / "preamble.hpp"
    header.write_text(PREAMBLE)
    subprocess.run([*COMMAND, "-x", "c++-header", header, "-o", f"{header}.gch"], check=True)
    return header


def first_error(body, header):
    """The compiler's first error, or None."""
    source = f"""
int use_all(durable::Context& ctx, const std::vector<int>& items, durable::testing::Runner& tested) {{
    (void)ctx; (void)items; (void)tested;
    {body}
    return 0;
}}
"""
    command = [*COMMAND, "-fsyntax-only", "-include", header, "-x", "c++", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return next((line for line in done.stderr.splitlines() if "error:" in line), None)


class CompileErrorsTest(unittest.TestCase):
    def test_the_first_error_says_what_is_expected(self):
        with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            header = precompiled(folder)
            found = list(pool.map(lambda case: first_error(case[0], header), CASES))
        for (body, expected), error in zip(CASES, found):
            with self.subTest(body):
                if expected is None:
                    self.assertIsNone(error)
                else:
                    self.assertIn(expected, error or "it compiles")


if __name__ == "__main__":
    unittest.main()
