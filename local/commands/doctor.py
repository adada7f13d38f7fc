"""``doctor``: try each link of the chain, one line each; 1 if one is broken."""

import argparse

import httpx

from local.commands.running import existing_desk, reporting
from local.desk import LOOPBACK, Desk
from local.doctor.chain import CHAIN
from local.doctor.checkup import Patient, Verdict, examine

GIB = 1024**3
API_TIMEOUT_S = 3.0


@reporting
def run(args: argparse.Namespace) -> int:
    desk = existing_desk()
    desk.settings()
    patient = Patient(
        desk=desk,
        origin=args.origin or f"http://localhost:{desk.ports.api}",
        free_bytes=int(args.free_gib * GIB),
    )
    broken = []
    for finding in examine(patient, CHAIN):
        print(finding, flush=True)
        if finding.verdict is Verdict.FAIL:
            broken.append(finding.link)
    print(f"{'info':<5} {'api':<14} {_api(desk)}")
    print(f"broken: {', '.join(broken)}" if broken else "all links hold")
    return 1 if broken else 0


def _api(desk: Desk) -> str:
    """Whether it runs. No link: the rest is worth a look without it."""
    host = LOOPBACK if desk.api_host in ("0.0.0.0", "::") else desk.api_host  # noqa: S104
    url = f"http://{host}:{desk.ports.api}/readyz"
    try:
        response = httpx.get(url, timeout=API_TIMEOUT_S, trust_env=False)
    except httpx.TransportError:
        return f"nothing answers at {url}"
    return f"{url} answers {response.status_code}"
