"""Whatever form is accepted: it encodes, reads its own file, trains, keeps what it guarantees."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from random_forms import applications, forms, loan_file

from credit_risk.form import Form, Number, sample_applications
from credit_risk.model import Encoder, RowReader
from credit_risk.training.data.dataset import read_loans


def same_number(one: Any, other: Any) -> bool:
    """Whether two numbers are one in the precision of the model."""
    return bool(np.float32(one) == np.float32(other))


def assert_same(form: Form, found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if isinstance(form.by_name[name], Number) and value is not None:
            assert same_number(found[name], value), (name, found[name], value)
        else:
            assert found[name] == value, name


def different(form: Form) -> st.SearchStrategy[dict[str, Any]]:
    """An application other than the example."""
    return applications(form.fields).filter(lambda each: each != form.example)


@given(data=st.data(), form=forms())
def test_an_application_is_encoded_and_decoded_without_loss(
    data: st.DataObject, form: Form
) -> None:
    sent = data.draw(st.lists(applications(form.fields), min_size=1, max_size=4))
    accepted = [form.application.model_validate_json(json.dumps(each)) for each in sent]
    rows = Encoder(form).encode(accepted)

    RowReader(form).check(rows)
    for row, each in zip(rows.tolist(), sent, strict=True):
        assert_same(form, form.decode(row), each)


@given(form=forms(), seed=st.integers(0, 99))
def test_the_schema_accepts_samples_and_examples(form: Form, seed: int) -> None:
    schema = form.application.model_json_schema()
    samples = [each.model_dump() for each in sample_applications(form, 5, seed)]

    Draft202012Validator.check_schema(schema)
    for each in (*samples, *schema["examples"], {**form.example, **form.contrast}):
        Draft202012Validator(schema).validate(json.loads(json.dumps(each)))
        form.application.model_validate(each)


@given(data=st.data(), form=forms())
def test_a_file_in_its_codes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, form: Form
) -> None:
    outcomes = st.sampled_from(("default", "repaid", "unknown"))
    loans = data.draw(st.lists(st.tuples(applications(form.fields), outcomes), max_size=6))
    first, second = data.draw(different(form)), form.example
    loans += [(first, "default"), (second, "repaid")]
    path = tmp_path_factory.mktemp("loans") / "loans.csv"
    path.write_text(loan_file(form, loans, data.draw(st.integers(0, 9))), encoding="utf-8")

    read = read_loans(path, form)

    known = [(loan, outcome) for loan, outcome in loans if outcome != "unknown"]
    assert read.defaulted.tolist() == [outcome == "default" for _, outcome in known]
    sent = [form.application.model_validate(loan) for loan, _ in known]
    encoder = Encoder(form)
    np.testing.assert_array_equal(encoder.encode_mappings(read.records()), encoder.encode(sent))
