"""The cost calculator, against figures worked out by hand."""

from dataclasses import replace

import pytest

from functions.shared.cost import Item, Rates, conversion_s, longest_film_s, of_films, total
from functions.shared.prices import Assumptions, Film, Prices
from infra.cost import monthly_idle, page, per_hour_of_video, per_thousand_clips

ROUND = Assumptions(
    frames_per_core_s=10,
    vcpus=6,
    share=0.5,
    fixed_s=2,
    network_mbit_per_s=1000,
    call_s=0.1,
    poll_every_s=2,
    messages=4,
    log_bytes=1000,
    conversion_log_bytes=10_000,
    metrics_in_use=73,
)
"""Encodes 30 frames a second."""
FILM = Film(duration_s=100, frames_per_s=30, source_mbit_per_s=8, result_mbit_per_s=2)
RATES = Rates(assumptions=ROUND)


def usd(items: list[Item]) -> dict[str, float]:
    return {item.name: item.usd for item in items}


def test_a_conversion_takes_its_frames_its_bytes_and_a_fixed_time() -> None:
    # 3,000 frames at 30 a second, 1,000 Mbit at 1,000 a second, 2 s
    assert conversion_s(FILM, ROUND) == pytest.approx(100 + 1 + 2)


def test_the_longest_film_ends_with_the_timeout() -> None:
    longest = longest_film_s(FILM, RATES)
    assert longest == pytest.approx((900 - 2) / 1.01)
    assert conversion_s(replace(FILM, duration_s=longest), ROUND) == pytest.approx(900)


def test_the_films_of_the_hour_fit_into_the_timeout() -> None:
    assert longest_film_s(Film(duration_s=900), Rates()) > 900


def test_what_films_cost() -> None:
    found = usd(of_films(FILM, 1000, within_h=10, rates=RATES))
    # 103,000 s of 10 GB at $0.0000133334, and 1,000 requests at $0.20 a million
    assert found["Conversion"] == pytest.approx(13.7334 + 0.0002, abs=1e-4)
    # 9.5 GB beyond what is free
    assert found["Its /tmp"] == pytest.approx(103_000 * 9.5 * 0.0000000309)
    # 2,000 calls and 51,500 polls: $1.20 a million, and 5,350 s of 1 GB
    assert found["API"] == pytest.approx(0.0642 + 0.0713, abs=1e-4)
    # 0.1 GB and 0.025 GB each
    assert found["Storage"] == pytest.approx(125 * 0.023)
    # 2,000 PUTs and 2,000 GETs
    assert found["Requests to S3"] == pytest.approx(0.01 + 0.0008)
    assert found["Queue"] == pytest.approx(0.0016)
    # 53.5 MB of the calls, 10 MB of the conversions
    assert found["Logs"] == pytest.approx(0.0635 * 0.5)
    # 73 metrics for 10 of 730 hours: one metric's month
    assert found["Custom metrics"] == pytest.approx(0.30)
    assert found["Download"] == pytest.approx(25 * 0.09)


def test_a_large_result_is_published_in_parts() -> None:
    large = replace(FILM, duration_s=1000, result_mbit_per_s=2)  # 250 MB: 8 parts of 32 MiB, and two requests around
    small = usd(of_films(FILM, 1, within_h=1, rates=RATES))["Requests to S3"]
    assert usd(of_films(large, 1, within_h=1, rates=RATES))["Requests to S3"] - small == pytest.approx(9 * 0.005 / 1000)


def test_idle_with_a_database_of_its_own() -> None:
    found = usd(monthly_idle(RATES, create_database=True))
    assert found["RDS Proxy"] == pytest.approx(87.60)  # 8 ACU, though Aurora has half a one
    assert found["Aurora, least"] == pytest.approx(43.80)
    assert found["Endpoint secretsmanager"] == found["Endpoint sqs"] == pytest.approx(14.60)  # two zones each
    assert found["Secret"] == pytest.approx(0.40)
    assert found["Alarms"] == pytest.approx(0.10 * RATES.deployed.alarms)
    assert found["Dashboard"] == pytest.approx(3)
    # 2 queues, 15 a minute, 43,800 minutes: 1,314,000 requests at $0.40 a million
    assert found["Lambda asks the queues"] == pytest.approx(0.5256)
    # 43,800 calls at $0.20 a million, 4,380 s of 1 GB
    assert found["Reconciler"] == pytest.approx(0.00876 + 0.0584, abs=1e-4)
    # 43.8 MB
    assert found["Logs"] == pytest.approx(0.0219)
    assert found["Images in ECR"] == pytest.approx(0.10 * 0.25 * RATES.deployed.functions)


def test_a_database_of_ones_own_leaves_out_what_is_made_for_ours_and_nothing_else() -> None:
    ours, own = (usd(monthly_idle(RATES, create_database=made)) for made in (True, False))
    assert own.items() <= ours.items()
    assert set(ours) - set(own) == {
        "RDS Proxy",
        "Aurora, least",
        "Aurora's storage",
        "Endpoint secretsmanager",
        "Endpoint sqs",
        "Secret",
    }


def test_prices_are_parameters() -> None:
    dear = replace(
        RATES, prices=replace(Prices(), lambda_arm64_gb_s=2 * Prices().lambda_arm64_gb_s, region="elsewhere")
    )
    once, twice = (usd(per_hour_of_video(rates))["Conversion"] for rates in (RATES, dear))
    assert twice == pytest.approx(2 * once, rel=1e-3)
    assert "elsewhere" in page(dear)


def test_x86_costs_a_quarter_more_than_arm() -> None:
    arm, x86 = (usd(per_thousand_clips(replace(RATES, architecture=a)))["Conversion"] for a in ("arm64", "x86_64"))
    assert x86 == pytest.approx(1.25 * arm, rel=1e-3)


def test_the_page_adds_its_columns_up() -> None:
    rates = Rates()
    for items in (monthly_idle(rates, create_database=True), per_hour_of_video(rates), per_thousand_clips(rates)):
        assert f"**{total(items):,.2f}**" in page(rates)
