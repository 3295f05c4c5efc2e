"""The SDK installed: a project of its own is built on it with each compiler in each way, and what comes out runs orders."""
import json
import os
import shutil
import subprocess

import pytest

from holdpoint import BIN, ROOT, eventually

PROJECT = ROOT / "examples/outside_project"
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
STRICT = "-O2 -std=c++20 " + WARNINGS


def run(*command, **environment):
    done = subprocess.run([str(part) for part in command], env={**os.environ, **environment}, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """Where it is installed, and then moved to: nothing in it may remember its place."""
    folder = tmp_path_factory.mktemp("installed")
    for component in ("sdk", "testing", "server"):
        run("cmake", "--install", BIN.parent, "--prefix", folder / "first", "--component", component)
    (folder / "first").rename(folder / "prefix")
    return folder / "prefix"


def by_cmake(compiler, prefix, folder, *options):
    run("cmake", "-S", PROJECT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_CXX_COMPILER={compiler}",
        f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_FLAGS={WARNINGS}", *options)
    run("cmake", "--build", folder)
    run("ctest", "--test-dir", folder)


def by_pkg_config(compiler, prefix, folder, *flags):
    static = ["--static"] if "-static" in flags else []
    told = run("pkg-config", *static, "--cflags", "--libs", "durable", PKG_CONFIG_PATH=f"{prefix}/lib/pkgconfig")
    folder.mkdir()
    run(compiler, *STRICT.split(), *flags, PROJECT / "main.cpp", *told.split(), "-o", folder / "order")


WAYS = {
    "cmake": by_cmake,
    "cmake-static": lambda *where: by_cmake(*where, "-DORDER_STATIC=ON"),
    "pkg-config": by_pkg_config,
    "pkg-config-static": lambda *where: by_pkg_config(*where, "-static"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("compiler", ["g++", "clang++-19"])
def test_a_function_is_built_on_the_package_and_runs(server, prefix, tmp_path, compiler, way):
    if shutil.which(compiler) is None and not os.environ.get("CI"):
        pytest.skip(f"{compiler} is not installed")
    WAYS[way](compiler, prefix, tmp_path / "build")
    stack = f"{way}-{compiler.rstrip('+-19')}"
    server.deploy(stack, PROJECT / "template.yaml", binaries=tmp_path / "build")
    lambda_ = server.client("lambda")
    arn = lambda_.invoke(FunctionName=f"{stack}-Order:$LATEST", InvocationType="Event",
                         Payload=json.dumps({"id": "o-1", "cents": 500, "cooling_off": 1}))["DurableExecutionArn"]
    ended = eventually("the order is over", lambda: (e := lambda_.get_durable_execution(DurableExecutionArn=arn))["Status"] != "RUNNING" and e)
    assert ended["Status"] == "SUCCEEDED", ended
    assert json.loads(ended["Result"]) == {"payment": "payment of o-1", "parcel": "parcel of o-1"}


def test_the_package_has_what_it_says(prefix):
    headers = {path.relative_to(ROOT / "include") for path in (ROOT / "include").rglob("*.hpp")}
    assert {path.relative_to(prefix / "include") for path in (prefix / "include").rglob("*") if path.is_file()} == headers
    assert run(prefix / "bin/holdpoint", "--help").startswith("Holdpoint")
    described = "".join(path.read_text() for path in (prefix / "lib").rglob("*") if path.suffix in (".cmake", ".pc"))
    assert str(ROOT) not in described


@pytest.mark.parametrize("version, fits", [("1.0", True), ("1", True), ("1.99", False), ("2.0", False), ("0.9", False)])
def test_other_versions_are_refused(prefix, tmp_path, version, fits):
    (tmp_path / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.25)\nproject(P LANGUAGES CXX)\nfind_package(Durable {version} REQUIRED)\n")
    done = subprocess.run(["cmake", "-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}"],
                          capture_output=True, text=True, timeout=120)
    assert (done.returncode == 0) == fits, done.stderr
