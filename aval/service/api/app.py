"""The application: routes, their one gate, and an OpenAPI whose dossier is the tables' own contract."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from aval import __version__
from aval.service.api import acting, asking, costing, deciding, filing, health, journal, me, model, problems
from aval.service.api.gate import Gate
from aval.service.api.problems import Problem
from aval.service.api.state import Service, lifespan
from aval.service.contract import schema
from aval.service.example import dossier

_ABOUT = """
Raw tables of one applicant in, a decision out that can be defended: probability of default, verdict, reasons, and a
record that replays. Positive = default, everywhere. Failures are RFC 9457 problem details that name table, row and
column, never a value.
"""


def create(service: Service) -> FastAPI:
    """One service as an ASGI application; nothing is loaded before it starts."""
    app = FastAPI(
        title="aval",
        version=__version__,
        description=_ABOUT.strip(),
        lifespan=lifespan,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirect would name whatever host the request named
        generate_unique_id_function=lambda route: route.name,
        separate_input_output_schemas=False,
    )
    app.state.service = service
    for part in (me, deciding, filing, asking, journal, model, costing, acting, health):
        app.include_router(part.router)
    problems.install(app)
    limits = service.limits
    app.add_middleware(
        Gate,
        metrics=service.metrics,
        spans=service.spans,
        body=limits.body_bytes,
        file=limits.file_bytes,
        patience=limits.patience,
    )
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema:
        return app.openapi_schema
    told = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = told["components"]["schemas"]
    for sent in (Problem, acting.OverrideAsked, acting.SecondAsked, acting.EraseAsked):
        whole = sent.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= {**whole.pop("$defs", {}), sent.__name__: whole}
    by_id = {
        "type": "object",
        "required": ["applicant_id"],
        "additionalProperties": False,
        "properties": {"applicant_id": {"type": "integer", "minimum": 1, "maximum": 10**15}},
        "description": "An applicant of the warehouse.",
    }
    schemas["Tables"] = schema()
    schemas["ById"] = by_id
    schemas["Dossier"] = {
        "anyOf": [{"$ref": "#/components/schemas/Tables"}, {"$ref": "#/components/schemas/ById"}],
        "examples": [dossier()],
    }
    number = {"type": "number", "minimum": 0, "maximum": 1e10}
    schemas["Changes"] = {
        "type": "object",
        "additionalProperties": False,
        "description": "Levers, in the order they are applied, or raw values.",
        "properties": {
            "down_payment": {"type": "number", "minimum": 0, "maximum": 1e10},
            "credit": {"type": "number", "exclusiveMinimum": 0, "maximum": 1e10},
            "term_months": {"type": "integer", "minimum": 1, "maximum": 600},
            "AMT_CREDIT": number,
            "AMT_ANNUITY": number,
            "AMT_GOODS_PRICE": number,
        },
    }
    changes = {"$ref": "#/components/schemas/Changes"}
    of = {
        "dossier": {"$ref": "#/components/schemas/Dossier"},
        "decision": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "applicant_id": by_id["properties"]["applicant_id"],  # type: ignore[index]
    }
    schemas["WhatIf"] = {
        "anyOf": [
            {
                "type": "object",
                "required": [name, "changes"],
                "additionalProperties": False,
                "properties": {name: what, "changes": changes},
            }
            for name, what in of.items()
        ],
        "examples": [{"dossier": dossier(), "changes": {"credit": 300000.0, "term_months": 36}}],
    }
    app.openapi_schema = told
    return told
