"""Settings and files that the pages show can be read by what reads them."""

from __future__ import annotations

import csv
import json
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


def of(language: str) -> pytest.MarkDecorator:
    found = [block for block in BLOCKS if block.language == language and block.note != "not run"]
    return pytest.mark.parametrize("block", found, ids=str)


@of("json")
def test_json(block: Block) -> None:
    json.loads(block.text)


@of("yaml")
def test_yaml(block: Block) -> None:
    assert yaml.safe_load(block.text)


@of("csv")
def test_csv(block: Block) -> None:
    rows = list(csv.reader(block.text.splitlines()))
    assert len({len(row) for row in rows}) == 1


@of("env")
def test_settings(block: Block, tmp_path: Path) -> None:
    """The hub starts with them; names that it does not know would go unnoticed otherwise."""
    lines = [line for line in block.text.splitlines() if line and not line.startswith("#")]
    chosen = dict(line.split("=", 1) for line in lines)
    _, known = development(str(tmp_path))
    assert {name.removesuffix("_FILE") for name in chosen} <= known, block
    load({"INSTANCE_PATH": str(tmp_path), **chosen})


@of("ini")
def test_kernel_settings(block: Block) -> None:
    for line in block.text.splitlines():
        if not line.startswith("#"):
            name = line.split("=")[0].strip()
            assert (Path("/proc/sys") / name.replace(".", "/")).exists(), f"{block}: {name}"


@of("nginx")
@pytest.mark.skipif(find_nginx() is None, reason="no nginx on this machine")
def test_nginx(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "nginx.conf"
    file.write_text(NGINX.format(folder=tmp_path, text=block.text))
    tested = subprocess.run(
        [str(find_nginx()), "-t", "-p", str(tmp_path), "-c", str(file)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert tested.returncode == 0, tested.stderr
