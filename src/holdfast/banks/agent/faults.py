"""What an agent can do wrong when it is asked to, so that a centre can be tried against it."""

from __future__ import annotations

from enum import Enum


class AgentFault(Enum):
    """A way in which a bank fails; `slow` takes seconds as its value, the others none."""

    SILENT = "silent"  # takes the request and never answers
    SLOW = "slow"  # answers rightly, after some seconds
    HTTP_500 = "http_500"  # answers with status 500
    ANSWERS_TWICE = "answers_twice"  # gives several answers, each with its own id, to one order
    OUT_OF_ORDER = "out_of_order"  # acknowledges after the final answer was given
    MORE_THAN_ASKED = "more_than_asked"  # says it holds twice what was ordered
    RUBBISH = "rubbish"  # answers, signed, what is no answer
    WRONG_SIGNATURE = "wrong_signature"  # signs with another key under its own key's name
    RETIRED_KEY = "retired_key"  # signs with a key that is retired
    REPLAY = "replay"  # sends its last response again, whatever is asked
    FORGETS = "forgets"  # answers and forgets the order at once


SLOW_S = 3.0
"""Seconds that `slow` takes where no value is given."""
