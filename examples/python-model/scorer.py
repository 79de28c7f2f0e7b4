"""The model `breast-cancer` in two forms that answer alike: scikit-learn, or no library at all."""

import importlib.util
import json
import math
import operator
import os
import pathlib
from types import ModuleType
from typing import Protocol

NAME = "breast-cancer"

Matrix = list[list[float]]


class Scorer(Protocol):
    """A fitted model. Immutable after construction: any thread may call it."""

    variant: str
    version: str

    def score(self, rows: Matrix) -> Matrix:
        """[malignant, benign] for each row of 30 finite features.

        Raises ValueError when the features are so large that no probability comes out.
        """


class StdlibScorer:
    """Logistic regression in plain Python, from the coefficients in a JSON file."""

    variant = "stdlib"

    def __init__(self, path: pathlib.Path) -> None:
        model = json.loads(path.read_text(encoding="utf-8"))
        self.version: str = model["version"]
        self._weights = [w / s for w, s in zip(model["weights"], model["scales"], strict=True)]
        self._intercept = model["intercept"] - sum(
            map(operator.mul, self._weights, model["means"])
        )

    def score(self, rows: Matrix) -> Matrix:
        """See Scorer."""
        return [self._probabilities(row) for row in rows]

    def _probabilities(self, row: list[float]) -> list[float]:
        logit = self._intercept + sum(map(operator.mul, self._weights, row))
        if not math.isfinite(logit):
            raise ValueError("x: too large to score")
        return [sigmoid(-logit), sigmoid(logit)]


class SklearnScorer:
    """The scikit-learn pipeline, fitted anew by the model folder's `train.py`."""

    variant = "sklearn"

    def __init__(self, path: pathlib.Path) -> None:
        # Rows are few and requests many: threads inside one multiplication would only contend.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        train = module_from(path)
        self.version: str = train.VERSION
        self._pipeline = train.fit()

    def score(self, rows: Matrix) -> Matrix:
        """See Scorer."""
        import numpy

        try:
            with numpy.errstate(over="ignore", invalid="ignore"):
                return self._pipeline.predict_proba(rows).tolist()
        except ValueError as cause:
            raise ValueError("x: too large to score") from cause


def load(variant: str, folder: pathlib.Path) -> Scorer:
    """The scorer of that variant; `auto` takes scikit-learn where it can be imported.

    Raises ImportError when `sklearn` is asked for and absent, OSError when a model file is.
    """
    if variant == "sklearn" or (variant == "auto" and importlib.util.find_spec("sklearn")):
        return SklearnScorer(folder / "train.py")
    return StdlibScorer(folder / f"{NAME}.json")


def module_from(path: pathlib.Path) -> ModuleType:
    """The Python file at `path`, imported."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sigmoid(logit: float) -> float:
    """1 / (1 + exp(-logit)), without overflow for any finite logit."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    odds = math.exp(logit)
    return odds / (1 + odds)
