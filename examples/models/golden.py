"""Writes `breast-cancer.golden.json`: what every way of serving the model must answer.

The answers come from the fitted scikit-learn pipeline itself, never from an export of it.
Numbers are written so that they read back as the same doubles.
"""

import argparse
import json
import pathlib

import sklearn
from sklearn.datasets import load_breast_cancer

import train

ROWS = 20


def golden() -> dict[str, object]:
    """The first 20 rows of the data set and scikit-learn's `predict_proba` for them."""
    x = load_breast_cancer().data[:ROWS]
    return {
        "source": f"scikit-learn {sklearn.__version__}: predict_proba of the pipeline fitted by "
        f"train.py, for the first {ROWS} rows of load_breast_cancer()",
        "licence": train.LICENCE,
        "attribution": train.ATTRIBUTION,
        "model": train.NAME,
        "version": train.VERSION,
        "x": x.tolist(),
        "probability": train.fit().predict_proba(x).tolist(),
    }


def json_text(document: dict[str, object]) -> str:
    """`document` as JSON, one row of a matrix per line."""
    return json.dumps(document).replace("], [", "],\n  [").replace(', "', ',\n "') + "\n"


def main() -> None:
    """Writes the file beside this script, or into `--out`."""
    parser = argparse.ArgumentParser(description="Write the example model's golden answers.")
    here = pathlib.Path(__file__).parent
    parser.add_argument("--out", type=pathlib.Path, default=here, help="folder to write into")
    path = parser.parse_args().out / f"{train.NAME}.golden.json"
    path.write_text(json_text(golden()), encoding="utf-8")


if __name__ == "__main__":
    main()
