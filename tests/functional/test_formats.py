"""docs/formats.md says what becomes of each kind of film: each of its rows is tried."""

from pathlib import Path

import pytest

from tests.support.format_table import INTRODUCTION, PAGE, ROWS, Row, Sources, line


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    return Sources(tmp_path_factory.mktemp("sources"))


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_a_row_of_the_table_is_true(sources: Sources, tmp_path: Path, row: Row) -> None:
    assert line(row, sources, tmp_path) in PAGE.read_text().splitlines()


def test_the_page_has_no_other_rows() -> None:
    page = PAGE.read_text()
    assert page.startswith(INTRODUCTION)
    assert len([row for row in page.splitlines() if row.startswith("| ")]) == len(ROWS) + 2
