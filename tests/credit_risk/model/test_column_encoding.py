import numpy as np
import pytest
from course import FORM
from scored_files import TOY

from credit_risk.form import Form, sample_applications
from credit_risk.model import ColumnEncoder, Encoder


@pytest.mark.parametrize("form", [TOY, FORM], ids=lambda form: form.name)
@pytest.mark.parametrize("count", [0, 1, 15, 100])
def test_columns_become_the_rows_of_their_applications(form: Form, count: int) -> None:
    applications = [vars(each) for each in sample_applications(form, 100)][:count]
    columns = {
        name: np.array([form.categories[name].index(each[name]) for each in applications])
        if name in form.categories
        else np.array([each[name] for each in applications], dtype=np.float64)
        for name in form.by_name
    }

    rows = ColumnEncoder(form).encode_columns(columns, count)

    expected = Encoder(form).encode_mappings(applications)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, expected)
