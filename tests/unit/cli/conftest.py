"""What the tests of the command line share."""

import pytest
from flow_table import TABLE


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path
