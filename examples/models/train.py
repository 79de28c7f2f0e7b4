"""Trains the example model `breast-cancer` and exports it.

Writes two files beside this script (or into `--out`):

- `breast-cancer.onnx`: the model as a double-precision ONNX graph;
- `breast-cancer.json`: its coefficients and the input ranges seen in training, for scorers
  that have no library at all.

The same sources and library versions give the same bytes. Importing this module needs
scikit-learn only; exporting needs `onnx`, and the check at the end `onnxruntime`.
"""

import argparse
import hashlib
import json
import pathlib
from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, confusion_matrix, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

NAME = "breast-cancer"
VERSION = "1"
LICENCE = "CC BY 4.0"
ATTRIBUTION = (
    "Wolberg, W., Mangasarian, O., Street, N., Street, W. (1993). Breast Cancer Wisconsin "
    "(Diagnostic). UCI Machine Learning Repository. https://doi.org/10.24432/C5DW2B"
)
SEED = 20250
TEST_SHARE = 0.25
MALIGNANT = 0
OPSET = 17
IR_VERSION = 8
DIFFERENCE_MAX = 1e-9


class Split(NamedTuple):
    """The data set cut in two, rows in random but fixed order, classes in proportion."""

    x_train: np.ndarray
    x_test: np.ndarray
    y_train: np.ndarray
    y_test: np.ndarray


class Coefficients(NamedTuple):
    """What the fitted pipeline boils down to: one number per feature, and the intercept.

    log-odds of benign = intercept + sum(weights * (x - means) / scales)
    """

    means: np.ndarray
    scales: np.ndarray
    weights: np.ndarray
    intercept: float


def split() -> Split:
    """The stratified split every script here works with."""
    data = load_breast_cancer()
    parts = train_test_split(
        data.data, data.target, test_size=TEST_SHARE, stratify=data.target, random_state=SEED
    )
    return Split(*parts)


def fit() -> Pipeline:
    """The scikit-learn pipeline fitted on the training part; class 0 malignant, 1 benign.

    The solver is a second-order one driven to a tight tolerance, so that the result depends on
    the data and not on where an iteration happened to stop on this processor.
    """
    parts = split()
    regression = LogisticRegression(
        C=1.0, solver="newton-cholesky", tol=1e-12, max_iter=100, random_state=SEED
    )
    return make_pipeline(StandardScaler(), regression).fit(parts.x_train, parts.y_train)


def coefficients(pipeline: Pipeline) -> Coefficients:
    """The pipeline's numbers, rounded to 12 significant digits.

    Processors differ in the last digits of a sum; rounding keeps that out of the exported bytes
    and moves a probability by less than 1e-10.
    """
    scaler, regression = (step for _, step in pipeline.steps)
    return Coefficients(
        means=rounded(scaler.mean_),
        scales=rounded(scaler.scale_),
        weights=rounded(regression.coef_[0]),
        intercept=float(rounded(regression.intercept_)[0]),
    )


def rounded(values: np.ndarray) -> np.ndarray:
    """The doubles nearest to `values` written with 12 significant digits."""
    return np.array([float(f"{value:.11e}") for value in values])


def onnx_bytes(numbers: Coefficients) -> bytes:
    """The model as serialised ONNX, all in double precision.

    Input `x` FP64 [-1, 30] in scikit-learn's column order; output `probability` FP64 [-1, 2] =
    [malignant, benign]. The malignant column is sigmoid(-z), not 1 - sigmoid(z), so neither
    column overflows or leaves [0, 1], however large z.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    features = len(numbers.means)
    constants = {
        "means": numbers.means,
        "scales": numbers.scales,
        "weights": numbers.weights.reshape(features, 1),
        "intercept": np.array([numbers.intercept]),
    }
    nodes = [
        helper.make_node("Sub", ["x", "means"], ["centred"], "centre"),
        helper.make_node("Div", ["centred", "scales"], ["scaled"], "scale"),
        helper.make_node("MatMul", ["scaled", "weights"], ["weighted"], "weigh"),
        helper.make_node("Add", ["weighted", "intercept"], ["benign_logit"], "intercept"),
        helper.make_node("Neg", ["benign_logit"], ["malignant_logit"], "negate"),
        helper.make_node("Concat", ["malignant_logit", "benign_logit"], ["logits"], "join", axis=1),
        helper.make_node("Sigmoid", ["logits"], ["probability"], "sigmoid"),
    ]
    graph = helper.make_graph(
        nodes,
        NAME,
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["rows", features])],
        [helper.make_tensor_value_info("probability", TensorProto.DOUBLE, ["rows", 2])],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(
        graph,
        producer_name="triage",
        producer_version=VERSION,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    for key, value in description().items():
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def description() -> dict[str, str]:
    """What the ONNX file says about itself in `metadata_props`."""
    return {
        "name": NAME,
        "version": VERSION,
        "licence": LICENCE,
        "attribution": ATTRIBUTION,
        "input": "x: FP64 [-1,30], the data set's 30 features in scikit-learn's column order",
        "output": "probability: FP64 [-1,2] = [malignant, benign]",
        "use": "demonstration only, not a medical device",
    }


def json_text(numbers: Coefficients) -> str:
    """The model as JSON: parallel arrays, one entry per feature in column order.

    `minima` and `maxima` are the ranges of the training part, exact as in the data set.
    """
    data = load_breast_cancer()
    x_train = split().x_train
    document = {
        "name": NAME,
        "version": VERSION,
        "licence": LICENCE,
        "attribution": ATTRIBUTION,
        "formula": "p(benign) = 1 / (1 + exp(-z)), "
        "z = intercept + sum(weights[i] * (x[i] - means[i]) / scales[i])",
        "classes": data.target_names.tolist(),
        "features": data.feature_names.tolist(),
        "means": numbers.means.tolist(),
        "scales": numbers.scales.tolist(),
        "weights": numbers.weights.tolist(),
        "intercept": numbers.intercept,
        "minima": x_train.min(axis=0).tolist(),
        "maxima": x_train.max(axis=0).tolist(),
    }
    return json.dumps(document, indent=1) + "\n"


def report(pipeline: Pipeline) -> str:
    """The model card's figures, measured on the test part; malignant counts as positive."""
    parts = split()
    malignant = parts.y_test == MALIGNANT
    probability = pipeline.predict_proba(parts.x_test)[:, MALIGNANT]
    called = probability >= 0.5
    (true_negative, false_positive), (false_negative, true_positive) = confusion_matrix(
        malignant, called
    )
    return "\n".join([
        f"training rows      {len(parts.y_train)} ({(parts.y_train == MALIGNANT).sum()} malignant)",
        f"test rows          {len(malignant)} ({malignant.sum()} malignant)",
        f"accuracy           {(called == malignant).mean():.4f}",
        f"ROC AUC            {roc_auc_score(malignant, probability):.4f}",
        f"sensitivity        {true_positive}/{true_positive + false_negative}",
        f"specificity        {true_negative}/{true_negative + false_positive}",
        f"Brier score        {brier_score_loss(malignant, probability):.4f}",
    ])


def largest_difference(graph: bytes, pipeline: Pipeline) -> float:
    """How far ONNX Runtime's answers stray from scikit-learn's, over all 569 rows."""
    import onnxruntime

    x = load_breast_cancer().data
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (answers,) = session.run(["probability"], {"x": x})
    return float(np.abs(answers - pipeline.predict_proba(x)).max())


def main() -> None:
    """Trains, exports, prints the figures; fails when the export strays from the pipeline."""
    parser = argparse.ArgumentParser(description="Train and export the example model.")
    here = pathlib.Path(__file__).parent
    parser.add_argument("--out", type=pathlib.Path, default=here, help="folder to write into")
    out = parser.parse_args().out

    pipeline = fit()
    numbers = coefficients(pipeline)
    graph = onnx_bytes(numbers)
    difference = largest_difference(graph, pipeline)
    if difference >= DIFFERENCE_MAX:
        raise SystemExit(f"largest difference: {difference:.1e} (expected: < {DIFFERENCE_MAX})")
    (out / f"{NAME}.onnx").write_bytes(graph)
    (out / f"{NAME}.json").write_text(json_text(numbers), encoding="utf-8")
    print(report(pipeline))
    print(f"largest difference {difference:.1e} (ONNX Runtime to scikit-learn, 569 rows)")
    print(f"sha256             {hashlib.sha256(graph).hexdigest()}")


if __name__ == "__main__":
    main()
