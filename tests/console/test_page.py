"""`/` and its files: content types, policy, caching, and the facts that the page gets about the hub."""

import json
import re
from typing import Any

import pytest
from flask import Flask

from app.console.assets import FOLDER, assets
from tests.cast import assert_refused
from tests.conftest import MakeApp

LARGEST = 300_000


def facts(app: Flask) -> dict[str, Any]:
    page = app.test_client().get("/").text
    found = re.search(r'<script type="application/json" id="facts">(.*)</script>', page)
    assert found
    return dict(json.loads(found[1]))


def test_the_page_allows_nothing_inline(app: Flask) -> None:
    answer = app.test_client().get("/")
    policy = answer.headers.getlist("Content-Security-Policy")
    assert len(policy) == 1
    assert "unsafe" not in policy[0] and "default-src 'none'" in policy[0]
    assert answer.content_type == "text/html; charset=utf-8"
    assert not re.search(r"<style|\bon\w+=|\bstyle=|javascript:", answer.text)
    scripts = re.findall(r"<script[^>]*>", answer.text)
    assert all("src=" in script or "application/json" in script for script in scripts)


def test_nothing_comes_from_elsewhere(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/").text
    for address in re.findall(r'(?:src|href)="([^"#]*)"', page):
        assert address.startswith("/console/"), address
        assert client.get(address).status_code == 200, address


def test_the_scripts_that_are_imported_are_there() -> None:
    for path in FOLDER.rglob("*.js"):
        for target in re.findall(r'from "(\..*?)"', path.read_text()):
            assert (path.parent / target).resolve().is_file(), f"{target} in {path.name}"


@pytest.mark.parametrize("path", ["/", "/console/main.js", "/console/console.css", "/console/icon.svg"])
def test_files_are_known_again(app: Flask, path: str) -> None:
    client = app.test_client()
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert first.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.js", "../facts.py", "%2e%2e/facts.py", "views", "main.js/"])
def test_nothing_else_is_served(app: Flask, name: str) -> None:
    assert_refused(app.test_client().get(f"/console/{name}"), 404)


def test_it_is_small() -> None:
    assert sum(len(asset.data) for asset in assets().values()) < LARGEST


def test_views_are_those_that_the_hub_has(app: Flask) -> None:
    assert {"constellations", "inspector", "gateway", "inbox", "concepts"} <= set(facts(app)["views"])


def test_registration_is_told(make_app: MakeApp) -> None:
    assert facts(make_app(ALLOW_REGISTRATION="0"))["can_register"] is False


def test_demo_users_are_told_in_development_on_loopback_alone(make_app: MakeApp) -> None:
    here = facts(make_app(APP_CONFIG="development"))["demo"]
    assert {"name": "alice", "password": "alice-demo", "is_operator": True} in here
    assert facts(make_app(APP_CONFIG="development", BIND="0.0.0.0:8000"))["demo"] == []
    assert facts(make_app())["demo"] == []
