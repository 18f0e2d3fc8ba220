"""GET /docs: a page that loads from the hub alone, and whose policy allows nothing else."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask

from app.apidocs import routes


def test_it_holds_no_code_of_its_own(app: Flask) -> None:
    html = app.test_client().get("/docs").text
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:", html)


def test_it_runs_its_own_files_alone(app: Flask) -> None:
    policy = app.test_client().get("/docs").headers.getlist("Content-Security-Policy")
    assert policy == [routes.POLICY]
    assert "default-src 'none'" in policy[0] and "unsafe" not in policy[0]


def test_what_it_names_is_there(app: Flask) -> None:
    client = app.test_client()
    html = client.get("/docs").text
    named = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', html)
    assert len(named) >= 5
    for path in named:
        assert client.get(f"/{path}").status_code == 200, path


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css"])
def test_files_come_packed_or_not(app: Flask, name: str) -> None:
    client = app.test_client()
    plain = client.get(f"/docs/{name}")
    packed = client.get(f"/docs/{name}", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "name", ["nothing.js", "README.md", "SWAGGER-UI-LICENSE", "swagger-ui.css.gz", "%2e%2e"]
)
def test_nothing_else_is_served(app: Flask, name: str) -> None:
    assert app.test_client().get(f"/docs/{name}").status_code == 404


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in Path(routes.ASSETS).iterdir()) < 700_000
