"""What is wrong with a field of a request, in the reader's language; never the value itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic_core import core_schema

from holdfast.core.words import N_, say

_OF_PYDANTIC = frozenset(get_args(core_schema.ErrorType))
_PARAMETERS = frozenset(("query", "path", "header", "cookie"))


@dataclass(frozen=True, slots=True)
class Wrong:
    """A code of ours for something that validation finds."""

    code: str
    sentence: str
    bound: str = ""
    """Which of the finding's facts names the bound."""


_UNKNOWN = Wrong("field_wrong", N_("this is not what it should be; see the API's description"))
_FORM = Wrong("field_form", N_("this does not have the form that it should"))
_TYPE = Wrong("field_type", N_("this is of another type than it should be"))
_WRONG = {
    "missing": Wrong("field_missing", N_("this is needed")),
    "extra_forbidden": Wrong("field_unknown", N_("there is no such field; check its name")),
    "string_too_short": Wrong("field_too_short", N_("at least {bound} are needed"), "min_length"),
    "string_too_long": Wrong("field_too_long", N_("at most {bound} are taken"), "max_length"),
    "too_short": Wrong("field_too_short", N_("at least {bound} are needed"), "min_length"),
    "too_long": Wrong("field_too_long", N_("at most {bound} are taken"), "max_length"),
    "greater_than_equal": Wrong("field_too_small", N_("this is at least {bound}"), "ge"),
    "greater_than": Wrong("field_not_above", N_("this is above {bound}"), "gt"),
    "less_than_equal": Wrong("field_too_large", N_("this is at most {bound}"), "le"),
    "enum": Wrong("field_unknown_word", N_("this is one of: {bound}"), "expected"),
    "literal_error": Wrong("field_unknown_word", N_("this is one of: {bound}"), "expected"),
    "string_pattern_mismatch": _FORM,
    "string_unicode": _FORM,
    "model_type": _TYPE,
    "model_attributes_type": _TYPE,
    "dict_type": _TYPE,
    "list_type": _TYPE,
    "string_type": _TYPE,
    "bool_type": _TYPE,
    "bool_parsing": _TYPE,
    "int_type": _TYPE,
    "int_parsing": _TYPE,
    "int_parsing_size": _TYPE,
    "int_from_float": _TYPE,
    "none_required": _TYPE,
}


def wrong_field(found: Mapping[str, Any]) -> dict[str, str]:
    """Return where a finding of pydantic is (a JSON pointer, or a parameter), code and sentence.

    Findings with a code and a sentence of our own keep them.
    """
    place = _place(list(found["loc"]))
    kind = found["type"]
    if kind not in _OF_PYDANTIC:
        return place | {"code": kind, "detail": found["msg"]}
    wrong = _WRONG.get(kind, _UNKNOWN)
    bound = found.get("ctx", {}).get(wrong.bound, "")
    return place | {"code": wrong.code, "detail": say(wrong.sentence, bound=bound)}


def _place(loc: list[str | int]) -> dict[str, str]:
    if loc and loc[0] in _PARAMETERS:
        return {"parameter": ".".join(str(part) for part in loc[1:])}
    # The first part says that it is the body, the second names the argument that takes it.
    parts = [str(part).replace("~", "~0").replace("/", "~1")[:60] for part in loc[2:]]
    return {"pointer": "#" + "".join(f"/{part}" for part in parts)}
