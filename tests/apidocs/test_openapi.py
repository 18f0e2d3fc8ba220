"""GET /openapi.json: valid, complete, nothing in it that does not exist."""

import re
from typing import Any

import pytest
from flask import Blueprint, Flask
from openapi_spec_validator import validate

from app.accounts.routes import bearer
from app.accounts.schemas import Registration
from app.apidocs.components import Components
from app.apidocs.describe import description_of, undescribed
from app.apidocs.json_schema import Object, text
from app.apidocs.registered import routes
from tests.conftest import MakeApp
from tests.support.documents import described_views, follow, operations, problems

Calls = set[tuple[str, str]]


def registered(app: Flask) -> Calls:
    """Every call that is part of the API."""
    return {
        (method, route.path)
        for route in routes(app)
        for method in route.methods
        if route.description is None or route.description.operation is not None
    }


def described(openapi: Any) -> Calls:
    return {(operation.method, operation.path) for operation in operations(openapi)}


def test_it_is_valid(openapi: Any) -> None:
    assert openapi["openapi"] == "3.1.0"
    validate(openapi)


def test_every_route_is_described(app: Flask, openapi: Any) -> None:
    assert described(openapi) == registered(app)


def test_a_route_without_description_is_found(make_app: MakeApp) -> None:
    app = make_app()
    novelty = Blueprint("novelty", "app.accounts.novelty")
    novelty.add_url_rule("/novelty/<name>", view_func=lambda name: name, methods=["PUT"])
    app.register_blueprint(novelty)
    openapi = app.test_client().get("/openapi.json").get_json()
    assert registered(app) - described(openapi) == {("PUT", "/novelty/{name}")}


def test_nothing_is_described_that_does_not_exist(app: Flask) -> None:
    served = {id(route.description) for route in routes(app)}
    for name, description in described_views():
        assert id(description) in served, name


def test_a_description_of_a_view_that_no_route_has_is_found(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = undescribed(lambda: "")
    monkeypatch.setattr(bearer, "novelty", view, raising=False)
    found = dict(described_views())
    assert found["app.accounts.routes.bearer.novelty"] is description_of(view)
    assert id(description_of(view)) not in {id(route.description) for route in routes(app)}


def test_operations_have_names_of_their_own(openapi: Any) -> None:
    names = [operation.said["operationId"] for operation in operations(openapi)]
    assert len(names) == len(set(names))


def test_every_example_is_valid(openapi: Any) -> None:
    wrong = {}
    count = 0
    for where, schema, value in examples(openapi):
        count += 1
        if found := problems(openapi, schema, value):
            wrong[where] = found
    assert not wrong
    assert count > 150


def examples(openapi: Any) -> Any:
    """Of every body, answer and parameter; each has one at least."""
    for operation in operations(openapi):
        said = operation.said
        bodies = {"body": said["requestBody"]} if "requestBody" in said else {}
        answers = {status: follow(openapi, answer) for status, answer in said["responses"].items()}
        for part, content in {**bodies, **answers}.items():
            for form, media in content.get("content", {}).items():
                given = media.get("examples", {})
                assert given or form not in {"application/json", "text/event-stream"}, (operation.call, part)
                for name, example in given.items():
                    yield f"{operation.call} {part} {name}", media["schema"], example["value"]
        for parameter in said.get("parameters", []):
            for value in parameter["schema"].get("examples", []):
                yield f"{operation.call} {parameter['name']}", parameter["schema"], value
    for name, schema in openapi["components"]["schemas"].items():
        for key, inner in schema.get("properties", {}).items():
            for value in inner.get("examples", []):
                yield f"{name}.{key}", inner, value


def test_error_examples_carry_their_status(openapi: Any) -> None:
    for operation in operations(openapi):
        for status, answer in operation.said["responses"].items():
            media = follow(openapi, answer).get("content", {}).get("application/json", {})
            for example in media.get("examples", {}).values():
                if int(status) >= 400:
                    assert example["value"]["status"] == int(status), operation.call


def test_every_closed_call_answers_401_and_names_a_scheme(openapi: Any) -> None:
    schemes = openapi["components"]["securitySchemes"]
    used = set()
    for operation in operations(openapi):
        needs = operation.said["security"]
        used |= {name for need in needs for name in need}
        if needs and {} not in needs:
            assert {"401", "400"} & set(operation.said["responses"]), operation.call
    assert used == set(schemes)


def test_the_query_token_is_for_streams_only(openapi: Any) -> None:
    for operation in operations(openapi):
        needs = operation.said["security"]
        assert ({"token": []} in needs) == ({"ticket": []} in needs)
        if {"token": []} in needs:
            content = operation.said["responses"].get("200", {}).get("content", {})
            assert "text/event-stream" in content or "101" in operation.said["responses"], operation.call


def test_it_says_what_the_schemas_say(openapi: Any) -> None:
    schema = openapi["components"]["schemas"]["AccountsRegistration"]
    loaded = Registration().fields
    assert set(schema["properties"]) == set(loaded)
    assert set(schema["required"]) == {name for name, field in loaded.items() if field.required}
    assert schema["properties"]["name"]["maxLength"] == 200


def test_a_name_stands_for_one_schema() -> None:
    components = Components()
    components.resolve(Object("Thing", {"a": text("x")}))
    with pytest.raises(ValueError, match="Thing"):
        components.resolve(Object("Thing", {"b": text("x")}))


def test_neither_document_holds_an_address_or_a_secret(make_app: MakeApp) -> None:
    secrets = {"JWT_SECRET_KEY": "a secret of the tests, long enough to be one", "CLIENT_SECRET": "hush hush"}
    app = make_app(CLIENT_ID="shop-9000", **secrets)
    for path in ("/openapi.json", "/asyncapi.json"):
        text = app.test_client().get(path, headers={"Host": "hub.example"}).text
        for hidden in [
            *secrets.values(),
            "shop-9000",
            "hub.example",
            "127.0.0.1",
            "localhost",
            app.instance_path,
        ]:
            assert hidden not in text
        assert set(re.findall(r"https?://\w[^/\"\s]*", text)) <= {"https://images.example.org"}


@pytest.mark.parametrize("path", ["/openapi.json", "/asyncapi.json", "/docs"])
def test_who_has_it_already_is_told_so(app: Flask, path: str) -> None:
    client = app.test_client()
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(path, headers={"If-None-Match": '"another"'}).data == first.data
