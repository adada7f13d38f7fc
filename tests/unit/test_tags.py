"""Which tags of a source a result gets."""

import pytest

from functions.converter.tags import CREATION, KEPT_TAGS, LOCATIONS, kept_tags, location, without_location

PLACE = "+52.5200+013.4050/"


def test_what_people_write_about_their_films_is_kept() -> None:
    tags = {name: f"the {name}" for name in KEPT_TAGS} | {"creation_time": "2024-05-01T10:00:00Z"}
    assert kept_tags(tags, keep_location=False) == tags
    assert {"title", "artist", "comment", "creation_time", "date", "copyright"} <= set(KEPT_TAGS)


@pytest.mark.parametrize(
    "name",
    ["encoder", "major_brand", "compatible_brands", "com.apple.quicktime.make", "com.android.version", "handler"],
)
def test_what_programs_write_is_left_out(name: str) -> None:
    assert kept_tags({name: "words"}, keep_location=True) == {}


def test_names_are_read_in_any_case_and_written_in_one() -> None:
    assert kept_tags({"TITLE": "A film", "Artist": "Somebody"}, keep_location=False) == {
        "title": "A film",
        "artist": "Somebody",
    }


@pytest.mark.parametrize("name", LOCATIONS)
@pytest.mark.parametrize("written", [str.lower, str.upper])
def test_the_place_is_left_out_unless_it_is_asked_for(name: str, written: type[str]) -> None:
    tags = {written(name): PLACE, "title": "A film"}
    assert kept_tags(tags, keep_location=False) == {"title": "A film"}
    assert kept_tags(tags, keep_location=True) == {"title": "A film", "location": PLACE}
    assert location(tags) == PLACE


@pytest.mark.parametrize("tags", [{}, {"location": ""}, {"title": PLACE}])
def test_no_place_is_none(tags: dict[str, str]) -> None:
    assert location(tags) is None
    assert "location" not in kept_tags(tags, keep_location=True)


def test_the_day_that_a_phone_writes_under_its_own_name_is_kept() -> None:
    day, other = "2024-05-01T12:00:00+0200", "2020-01-01T00:00:00Z"
    assert kept_tags({CREATION: day}, keep_location=False) == {"creation_time": "2024-05-01T10:00:00Z"}
    assert kept_tags({CREATION: day, "creation_time": other}, keep_location=False) == {"creation_time": other}


def test_a_day_that_is_none_is_left_out() -> None:
    assert kept_tags({"creation_time": "yesterday"}, keep_location=False) == {}


def test_the_beginning_of_all_clocks_is_no_time_of_a_film() -> None:
    assert kept_tags({"creation_time": "1970-01-01T00:00:00.000000Z"}, keep_location=False) == {}


@pytest.mark.parametrize("value", ["", " ", "\n", "\0", "\0 \r\n"])
def test_a_tag_that_says_nothing_is_left_out(value: str) -> None:
    assert kept_tags({"title": value}, keep_location=False) == {}


@pytest.mark.parametrize(("value", "kept"), [("a\nb", "a b"), ("a\0b", "ab"), ("  a \r\n\t b ", "a b"), ("a=b", "a=b")])
def test_a_tag_is_one_line(value: str, kept: str) -> None:
    assert kept_tags({"title": value}, keep_location=False) == {"title": kept}


@pytest.mark.parametrize("name", [*LOCATIONS, LOCATIONS[0].upper(), "location-deu", f"{LOCATIONS[2][:-7]}.name"])
def test_without_its_place_a_film_has_all_other_tags(name: str) -> None:
    assert without_location({name: PLACE, "title": "A film"}) == {"title": "A film"}
