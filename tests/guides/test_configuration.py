"""The programs that read settings and configuration files accept those that the pages show."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from config import load
from tests.support.markdown import Block, guides
from tests.support.nginx import find_nginx
from tests.support.settings import development

BLOCKS = [block for page in guides() for block in page.blocks]
NGINX = """
pid {folder}/pid; error_log stderr; events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{text}
}}
"""


def blocks(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language and block.note != "not run"]


def test_yaml_json_and_csv_can_be_read() -> None:
    for block in blocks("yaml"):
        assert yaml.safe_load(block.text), block
    for block in blocks("json"):
        json.loads(block.text)
    for block in blocks("csv"):
        assert len({len(row) for row in csv.reader(block.text.splitlines())}) == 1, block


def test_the_hub_takes_the_settings(tmp_path: Path) -> None:
    """The hub ignores unknown names, so the test compares the names too."""
    _, known = development(str(tmp_path))
    for block in blocks("env"):
        lines = [line for line in block.text.splitlines() if line and not line.startswith("#")]
        chosen = dict(line.split("=", 1) for line in lines)
        assert {name.removesuffix("_FILE") for name in chosen} <= known, block
        load({"INSTANCE_PATH": str(tmp_path), **chosen})


def test_the_kernel_has_the_settings() -> None:
    for block in blocks("ini"):
        names = re.findall(r"^([a-z][\w.]+) = ", block.text, re.MULTILINE)
        assert names, block
        for name in names:
            assert (Path("/proc/sys") / name.replace(".", "/")).exists(), f"{block}: {name}"


@pytest.mark.skipif(find_nginx() is None, reason="no nginx on this machine")
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    for block in blocks("nginx"):
        file = tmp_path / "nginx.conf"
        file.write_text(NGINX.format(folder=tmp_path, text=block.text))
        argv = [str(find_nginx()), "-t", "-p", str(tmp_path), "-c", str(file)]
        tested = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
        assert tested.returncode == 0, f"{block}: {tested.stderr}"
