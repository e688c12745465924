"""The OpenAPI document is true, complete and open to everybody."""

from __future__ import annotations

import json
from typing import get_type_hints

import pytest
from fastapi import FastAPI

from console.client.inside import InsideTransport
from console.domain import answers, replication_answers
from console.service.routing import API, Route
from tests.support.calls import whole


async def test_it_describes_every_call_with_its_answer(app: FastAPI, transport: InsideTransport) -> None:
    answer = await transport.call("GET", f"{API}/openapi.json")
    assert answer.status == 200
    document = json.loads(answer.body)
    for route in whole(app):
        if isinstance(route, Route):
            for method in route.methods:
                call = document["paths"][route.path][method.lower()]
                assert call["responses"]["4XX"]["content"]["application/json"]["schema"]["$ref"].endswith("ErrorAnswer")
                assert ("security" in call) == (route.path != f"{API}/sign-in")
    schemas = document["components"]["schemas"]
    assert set(schemas["PointAnswer"]["properties"]) == set(get_type_hints(answers.PointAnswer))
    assert "422" not in json.dumps(document)


async def test_every_reference_leads_somewhere(transport: InsideTransport) -> None:
    document = json.loads((await transport.call("GET", f"{API}/openapi.json")).body)
    schemas = document["components"]["schemas"]

    def references(value: object) -> set[str]:
        if isinstance(value, dict):
            found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return found.union(*(references(one) for one in value.values()))
        if isinstance(value, list):
            return set().union(*(references(one) for one in value)) if value else set()
        return set()

    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas


CONTRACT = {
    answers.PointAnswer: "id machine time kind chain restorability size encrypted checks held",
    answers.PointPage: "points next",
    answers.ImageAnswer: "root parent missing_objects missing_bytes waiting_for why volume id kind base_reason "
    "bytes_read bytes_new bytes_stored files files_unreadable",
    replication_answers.PairingDetailAnswer: "pairing role peer link machines",
    replication_answers.MemberAnswer: "machine state last_replicated lag_s lag_points lag_bytes rate_bps eta_s "
    "paused_by",
}
"""Keys that scripts read, of answers that are no job's result; those are proved where they are made."""


@pytest.mark.parametrize("kind", CONTRACT, ids=lambda kind: kind.__name__)
def test_answers_have_the_keys_of_the_command_contract(kind: type) -> None:
    assert set(CONTRACT[kind].split()) <= set(get_type_hints(kind))
