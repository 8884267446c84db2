"""What a parameter may be: kinds of values in words, and the one check of estimators and functions against them.

An estimator lists the kinds of its parameters in the class attribute ``_parameters`` and calls `check_parameters` in
`fit`; a function lists them in the decorator `checked`. A value must be of one of the kinds.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

import numpy as np

_P = ParamSpec("_P")
_R = TypeVar("_R")
Seed = int | np.random.RandomState | None
UNLISTED = "be another word"  # a string that is none of the options: the message then lists all that is allowed
LARGEST = 2**31 - 1  # of counts: beyond it arrays cannot be indexed, and the seeds of numpy end at 2**32 - 1


def _no_fault(value: Any) -> str:
    return ""


@dataclass(frozen=True)
class Kind:
    """A kind of values: its words, what belongs to it, and what is wrong with a value that does ("" for nothing)."""

    words: str
    holds: Callable[[Any], bool]
    find_fault: Callable[[Any], str] = _no_fault


Table = Mapping[str, Sequence[Kind]]


def check_parameter(owner: str, name: str, value: Any, kinds: Sequence[Kind]) -> None:
    """Raise TypeError for a value of none of the kinds, ValueError for a value that one of them forbids."""
    faults = []
    for kind in kinds:
        if kind.holds(value):
            fault = kind.find_fault(value)
            if not fault:
                return
            faults.append(fault)
    words = [kind.words for kind in kinds]
    rule = "be " + " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
    if len(faults) == 1 and faults[0] != UNLISTED:
        rule = faults[0]
    message = f"`{name}` of {owner} must {rule}, got {_show(value)}."
    raise ValueError(message) if faults else TypeError(message)


def check_parameters(estimator: Any) -> None:
    """Check the parameters of an estimator against the tables ``_parameters`` of its class and of those above it."""
    owner = type(estimator).__name__
    for name, kinds in read_table(type(estimator)).items():
        check_parameter(owner, name, getattr(estimator, name), kinds)


def read_table(cls: type) -> dict[str, Sequence[Kind]]:
    """Return the kinds of all parameters of a class; a class refines the table of its parents."""
    table: dict[str, Sequence[Kind]] = {}
    for base in reversed(cls.__mro__):
        table |= vars(base).get("_parameters", {})
    return table


def check_arguments(owner: str, table: Table, arguments: Mapping[str, Any]) -> None:
    """Check the arguments of a function that are in the table, for example of its ``locals()``."""
    for name, value in arguments.items():
        if name in table:
            check_parameter(owner, name, value, table[name])


def kinds(**table: Sequence[Kind]) -> Table:
    """Return the table of the kinds of parameters, for a class."""
    return table


def checked(**table: Sequence[Kind]) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Check the arguments of a function before it runs; those that are left out are right."""

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        names = list(signature(function).parameters)

        @wraps(function)
        def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            check_arguments(function.__qualname__, table, dict(zip(names, args, strict=False)) | kwargs)
            return function(*args, **kwargs)

        return run

    return decorate


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}..."


def nothing() -> Kind:
    """None."""
    return Kind("None", lambda value: value is None)


def flag() -> Kind:
    """True or False, of Python or of numpy."""
    return Kind("True or False", lambda value: isinstance(value, (bool, np.bool_)))


def option(*allowed: str) -> Kind:
    """One of a few words."""
    words = f"one of {allowed!r}" if len(allowed) > 1 else repr(allowed[0])
    return Kind(words, lambda value: isinstance(value, str), lambda value: "" if value in allowed else UNLISTED)


def text(words: str = "a string") -> Kind:
    """Any string that says something."""
    return Kind(words, lambda value: isinstance(value, str))


def column() -> Kind:
    """The name of a column."""
    return Kind("a column name", lambda value: isinstance(value, str))


def mapping(words: str, *, empty: bool = False) -> Kind:
    """A dict whose keys are strings; not empty, unless it may be."""
    return Kind(
        words,
        lambda value: isinstance(value, dict) and all(isinstance(key, str) for key in value),
        lambda value: "" if value or empty else "not be empty",
    )


def path() -> Kind:
    """Where a file is."""
    return Kind("a path", lambda value: isinstance(value, (str, os.PathLike)) and str(value) != "")


def function(words: str = "a function") -> Kind:
    """What can be called, and is no class."""
    return Kind(words, lambda value: callable(value) and not isinstance(value, type))


def instance_of(*classes: type, words: str = "") -> Kind:
    """An instance of one of the classes."""
    words = words or " or ".join(_name(cls) for cls in classes)
    return Kind(words, lambda value: isinstance(value, classes))


def having(*methods: str, words: str) -> Kind:
    """An object (no class) with all of these methods or attributes: an estimator, a cosmology, a cache."""
    return Kind(words, lambda value: not isinstance(value, type) and all(hasattr(value, method) for method in methods))


def _name(cls: type) -> str:
    return f"{'an' if cls.__name__[0] in 'AEIO' else 'a'} {cls.__name__}"


def integer(low: int, high: int = LARGEST) -> Kind:
    """An integer (no bool) with low <= value <= high."""
    bounds = f">= {low}" if high == LARGEST else f"in [{low}, {high}]"

    def find_fault(value: Any) -> str:
        if value > LARGEST >= high:
            return f"be at most {high}"
        return "" if low <= value <= high else f"be {bounds}"

    return Kind(f"an integer {bounds}", is_integer, find_fault)


def number(
    low: float = -math.inf, high: float = math.inf, *, closed: str = "both", nan: bool = False, infinite: bool = False
) -> Kind:
    """A real number (no bool) inside the interval, finite unless said otherwise; `closed` as in pandas."""
    is_left, is_right = closed in {"both", "left"}, closed in {"both", "right"}
    bounds = "finite" if math.isinf(low) else f"{'>=' if is_left else '>'} {low}"
    if not math.isinf(high):
        bounds = f"in {'(['[is_left]}{low}, {high}{')]'[is_right]}"

    def find_fault(value: Any) -> str:
        value = as_float(value)
        if math.isnan(value):
            return "" if nan else f"be {bounds}"
        if math.isinf(value) and not infinite:
            return f"be {bounds}"
        inside = (value >= low if is_left else value > low) and (value <= high if is_right else value < high)
        return "" if inside else f"be {bounds}"

    return Kind("a number" if bounds == "finite" else f"a number {bounds}", is_number, find_fault)


def pair(unit: str, low: float = -math.inf, high: float = math.inf) -> Kind:
    """Two finite numbers, the first below the second, both in [low, high]."""

    def find_fault(value: Any) -> str:
        first, last = (as_float(bound) for bound in value)
        if not (math.isfinite(first) and math.isfinite(last) and first < last):
            return "satisfy low < high"
        return "" if low <= first and last <= high else f"be within [{low}, {high}] {unit}"

    words = f"a pair (low, high) in {unit} with low < high"
    return Kind(words, lambda value: _is_list(value) and len(value) == 2 and all(map(is_number, value)), find_fault)


def numbers(
    words: str, low: float = -math.inf, high: float = math.inf, *, ndim: tuple[int, ...] = (1,), empty: bool = False
) -> Kind:
    """An array-like of finite real numbers in [low, high]; at least one, unless it may be empty."""

    def find_fault(value: Any) -> str:
        array = np.asarray(value, dtype=float)
        if not (array.size or empty):
            return "hold at least one number"
        if not np.isfinite(array).all():
            return "hold finite numbers"
        return "" if ((array >= low) & (array <= high)).all() else f"hold numbers in [{low}, {high}]"

    return Kind(words, lambda value: is_array(value, ndim), find_fault)


def sequence_of(kind: Kind, words: str, *, empty: bool = False, length: int | None = None) -> Kind:
    """A list, tuple, array or range of values of one kind; at least one, unless it may be empty."""

    def find_fault(value: Any) -> str:
        members = list(value)
        is_right = all(kind.holds(one) and not kind.find_fault(one) for one in members) and (members or empty)
        return "" if is_right else UNLISTED

    return Kind(words, lambda value: _is_list(value) and length in {None, len(value)}, find_fault)


def random_state(*generators: type) -> list[Kind]:
    """A seed, None, or a source of random numbers: RandomState, as `sklearn.utils.check_random_state` takes it."""
    return [integer(0, 2**32 - 1), instance_of(*(generators or (np.random.RandomState,))), nothing()]


def is_integer(value: Any) -> bool:
    """Whether a value is an integer of Python or numpy, and no bool."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether a value is a real number of Python or numpy, and no bool."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_array(value: Any, ndim: tuple[int, ...] = (1,)) -> bool:
    """Whether a value is an array-like of real numbers with that many dimensions."""
    if isinstance(value, (str, bytes, dict, set)) or not (isinstance(value, Iterable) or hasattr(value, "__array__")):
        return False
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError):
        return False
    return array.ndim in ndim and (array.dtype.kind in "iuf" or array.size == 0)


def as_float(value: Any) -> float:
    """Return a real number as a float; an integer beyond its range is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _is_list(value: Any) -> bool:
    if isinstance(value, (str, bytes, dict, set, type)):
        return False
    try:
        len(value)
        iter(value)
    except TypeError:
        return False
    return True
