"""Futures of an executor that the caller made, on machines that may fail."""

from __future__ import annotations

import pickle
import traceback
from collections import deque
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from pathlib import Path
from typing import Any

from nearclifford.errors import NearCliffordError
from nearclifford.files import printable
from nearclifford.studies.pools import Futures, Measure, Result
from nearclifford.studies.store import Failure
from nearclifford.studies.unit import Unit


class LentFutures(Futures):
    """An executor that the caller made, on machines that may fail, one thread to a measurement.

    A bundle that its executor lost, because the worker died say, is tried once more, unit by unit, each while nothing else
    is under way: so that those beside a unit that kills its worker are not blamed. One that is lost again has failed.
    """

    def __init__(self, executor: Any, measure: Measure, room: int, kept_in: Path) -> None:
        super().__init__(executor, measure, 1, room)
        self._kept_in = kept_in
        self._suspects: deque[Unit] = deque()
        self._alone = False

    @property
    def has_room(self) -> bool:
        """Whether another bundle may be given; none beside a suspect."""
        return super().has_room and not self._alone

    @property
    def is_busy(self) -> bool:
        """Whether bundles are under way, or to be tried again."""
        return super().is_busy or bool(self._suspects)

    def results(self) -> list[Result]:
        """Wait for a bundle, a few seconds at most; `NearCliffordError` where the executor is of no more use."""
        if not self._flying and self._suspects:
            self._alone = True
            self.give([self._suspects.popleft()])
        return super().results()

    def _submitted(self, bundle: Sequence[Unit]) -> Any:
        try:
            return super()._submitted(bundle)
        except Exception as error:
            raise self._told(error) from error

    def _found(self, future: Any, bundle: Sequence[Unit]) -> list[Result]:
        alone, self._alone = self._alone, False
        try:
            return super()._found(future, bundle)
        except (BrokenExecutor, CancelledError) as error:
            raise self._told(error) from error
        except Exception as error:
            if _is_pickling(error):
                raise self._told(error) from error
            return self._lost(future, bundle, error, alone)

    def _lost(self, future: Any, bundle: Sequence[Unit], error: Exception, alone: bool) -> list[Result]:
        del future
        if alone:
            return [(unit, _failure(error), 0.0) for unit in bundle]
        self._suspects.extend(bundle)
        return []

    def _told(self, error: BaseException) -> NearCliffordError:
        """Return the line for an executor that takes or gives nothing more."""
        name, said = type(self._executor).__name__, printable(f"{type(error).__name__}: {error}", 200)
        kept = f"What is finished is in {self._kept_in}; run the study again to go on."
        if isinstance(error, BrokenExecutor):
            return NearCliffordError(
                f"The executor {name} lost a worker ({said}): memory ran out, a script has no 'if __name__ == "
                '"__main__":\' around the call, or its processes are forked, where '
                f'mp_context=multiprocessing.get_context("spawn") is safe. {kept}'
            )
        if _is_pickling(error):
            return NearCliffordError(
                f"The executor {name} cannot send the work to its workers ({said}); define what a study measures in a "
                f"module that they can import. {kept}"
            )
        return NearCliffordError(f"The executor {name} was closed or gave up ({said}). {kept}")


def _is_pickling(error: BaseException) -> bool:
    # what the standard library raises; texts of other errors may name a file that is called so
    return isinstance(error, pickle.PicklingError) or (
        isinstance(error, AttributeError | TypeError) and "pickle" in str(error)
    )


def _failure(error: Exception) -> Failure:
    text = f"The executor lost this point twice, the second time alone; {type(error).__name__}: {error}"
    return Failure(printable(text, most=2000), "".join(traceback.format_exception(error)))
