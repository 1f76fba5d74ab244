"""Functions made into machine code when they are first called, kept for the next process."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from holdfast.core.errors import Refused
from holdfast.core.words import N_

Words = npt.NDArray[np.uint64]
Octets = npt.NDArray[np.uint8]

EXTRA = "holdfast[registry]"

F = TypeVar("F", bound=Callable[..., Any])


def compiler() -> Any:
    """Return the module `numba`.

    Raises:
        Refused: `extra_missing`.
    """
    try:
        import numba
    except ImportError:
        raise Refused(
            "extra_missing",
            N_("this needs parts that are not installed; pip install '{extra}' brings them"),
            extra=EXTRA,
        ) from None
    return numba


def compiled(function: F) -> F:
    """Compile a function that takes less than a microsecond; nothing is rounded differently.

    Where no folder can be written the machine code is made anew in each process.

    Raises:
        Refused: `extra_missing`.
    """
    return _compiled(function, nogil=False)


def compiled_apart(function: F) -> F:
    """Compile a function that takes long, as `compiled`; other threads run meanwhile.

    To let others run, and to wait for one's turn again, costs more than a short function.
    """
    return _compiled(function, nogil=True)


def _compiled(function: F, *, nogil: bool) -> F:
    numba = compiler()
    keep = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
    try:
        made: F = numba.njit(cache=keep, nogil=nogil, fastmath=False)(function)
    except RuntimeError:  # how numba says that it found no folder to keep it in
        made = numba.njit(nogil=nogil, fastmath=False)(function)
    return made
