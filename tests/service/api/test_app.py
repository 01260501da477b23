"""The OpenAPI: a golden copy, examples that run, and a fuzzer that finds no answer it does not tell of."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.failures import FailureGroup

from tests.service.api.conftest import LONG

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "openapi.json"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
PLAIN = ("verdict", "model", "policy", "caller", "applicant_id", "job", "limit")
"""Parameters that say what they are."""
VERBS = ("get", "post", "put", "patch", "delete")


def operations(told: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in told["paths"].items():
        for verb, operation in methods.items():
            assert verb in VERBS
            yield path, verb, operation


def test_it_is_the_golden_copy(house) -> None:
    """`AVAL_GOLDEN=write` writes it anew: look at what changed before you commit it, clients are built on it."""
    text = json.dumps(house.get("/openapi.json", None).json(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("AVAL_GOLDEN") == "write":
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, "utf-8")
    assert text == GOLDEN.read_text("utf-8")


def test_every_operation_reads_well_in_a_client(house) -> None:
    told = house.app.openapi()
    names = []
    for path, _, operation in operations(told):
        names.append(operation["operationId"])
        assert operation["summary"], path
        assert operation["description"], path
        assert len(operation["tags"]) == 1
        for parameter in operation.get("parameters", ()):
            if parameter["name"] not in PLAIN:
                assert parameter.get("description") or parameter["schema"].get("description"), (path, parameter)
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name == name.lower() for name in names)
    assert {"decide", "decide_file", "what_if", "get_decision", "override_decision", "verify_log"} <= set(names)


def test_every_failure_is_a_problem_and_nothing_is_named_that_is_not_there(house) -> None:
    told = house.app.openapi()
    schemas = told["components"]["schemas"]
    for path, _, operation in operations(told):
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and path != "/health/ready":
                assert answer["content"] == {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                }, (path, status)
        if path not in ("/health/live", "/health/ready", "/metrics"):
            assert {"400", "401", "403", "405", "413", "422", "429", "503"} <= set(operation["responses"]), path
            assert operation["security"]
            if operation.get("requestBody"):
                assert {"408", "415"} <= set(operation["responses"])

    def refs(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (value for key, value in node.items() if key == "$ref")
            for value in node.values():
                yield from refs(value)
        elif isinstance(node, list):
            for value in node:
                yield from refs(value)

    named = {ref.rsplit("/", 1)[1] for ref in refs(told)}
    assert named <= set(schemas)
    assert not {"HTTPValidationError", "ValidationError"} & set(schemas)


def examples(told: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every example of a JSON body, whole or put together from those of its fields."""
    for path, verb, operation in operations(told):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            continue
        name = body["schema"]["$ref"].rsplit("/", 1)[1]
        schema = told["components"]["schemas"][name]
        found = schema.get("examples")
        if found is None:
            found = [{key: value["examples"][0] for key, value in schema["properties"].items()}]
        for example in found:
            yield verb, path, example


def test_every_example_runs(house) -> None:
    tried = set()
    for verb, path, example in examples(house.app.openapi()):
        made = house.refused(AMT_CREDIT=2_000_000.0, AMT_GOODS_PRICE=2_000_000.0)
        if path.endswith("/second"):
            first = {"verdict": "approve", "motive": "GUARANTEE", "words": "Caution."}
            assert house.post(f"/decisions/{made['id']}/override", "officer", json=first).status_code == 200
        where = path.format(decision=made["id"], applicant_id=made["applicant_id"])
        found = house.ask(verb.upper(), where, json=example)
        assert found.status_code == 200, (path, found.text)
        tried.add(path)
    assert tried == {
        "/decisions",
        "/what-if",
        "/decisions/{decision}/override",
        "/decisions/{decision}/override/second",
        "/applicants/{applicant_id}/erase",
    }


# The fuzzer


@pytest.fixture(scope="module")
def fuzzed(house) -> Any:
    """Operations as schemathesis reads them, by name."""
    config = schemathesis.Config(seed=7)
    schema = schemathesis.openapi.from_dict(house.app.openapi(), config=config)
    every = [one.ok() for one in schema.get_all_operations()]
    return {one.definition.raw["operationId"]: one for one in every}


def send(house: Any, case: Any, role: str | None) -> Any:
    """What the fuzzer made, sent by our client; None where no client can send it."""
    given_ = case.as_transport_kwargs(base_url="http://testserver")
    made = dict(given_.pop("headers") or {})
    headers = {name: value for name, value in made.items() if name.lower() not in ("authorization", "x-api-key")}
    headers |= house.headers(role)
    given_.pop("cookies", None)
    if "data" in given_:
        data = given_.pop("data")
        given_["content"] = data.encode() if isinstance(data, str) else data
    return house.client.request(headers=headers, **given_)


def names() -> list[str]:
    """Of the operations, from the golden copy: the service is not there yet when tests are collected."""
    if not GOLDEN.exists():
        return []
    return sorted(one["operationId"] for _, _, one in operations(json.loads(GOLDEN.read_text("utf-8"))))


@pytest.mark.parametrize("role", ["admin", None])
@pytest.mark.parametrize("name", names())
def test_no_answer_is_untold(house, fuzzed, name: str, role: str | None) -> None:
    operation = fuzzed[name]
    body = bool(operation.definition.raw.get("requestBody"))
    many = 400 if LONG else 1 if role is None else 15 if body else 8
    made = house.decided()
    known = {key: value for key, value in {"decision": made["id"], "applicant_id": made["applicant_id"]}.items()
             if f"{{{key}}}" in operation.path}  # fmt: skip
    seen: set[int] = set()
    for mode, fixed in (
        (GenerationMode.POSITIVE, None),
        (GenerationMode.NEGATIVE, None),
        *(((GenerationMode.POSITIVE, known),) if known else ()),
    ):

        @seed(7)
        @settings(
            max_examples=many,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode, path_parameters=fixed))
        def tried(case: Any) -> None:
            found = send(house, case, role)
            seen.add(found.status_code)
            case.validate_response(found, checks=CHECKS)
            if role is None and operation.definition.raw.get("security"):
                assert found.status_code in (401, 404, 405), found.text

        try:
            tried()
        except Exception as problem:
            if "Unsatisfiable" not in type(problem).__name__:
                raise
    assert seen
    if role is not None:
        assert min(seen) < 300 or name in ("confirm_override", "get_job", "get_job_results", "override_decision")


def test_the_fuzzer_would_see_an_answer_that_is_not_told_of(house) -> None:
    told = json.loads(json.dumps(house.app.openapi()))
    del told["paths"]["/model"]["get"]["responses"]["401"]
    told["components"]["schemas"]["PolicyAnswer"]["properties"]["cutoff"]["type"] = "string"
    every = [one.ok() for one in schemathesis.openapi.from_dict(told).get_all_operations()]
    for path, role, failure in (("/model", None, "UndefinedStatusCode"), ("/policy", "admin", "JsonSchemaError")):
        (operation,) = (one for one in every if one.path == path)
        case = operation.Case()
        with pytest.raises(FailureGroup) as caught:
            case.validate_response(send(house, case, role), checks=CHECKS)
        assert [type(one).__name__ for one in caught.value.exceptions] == [failure]
