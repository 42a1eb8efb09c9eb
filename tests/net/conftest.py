"""Fixtures of the network tests; the log of every router is shown when a test fails."""

import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import lab as lab_module  # noqa: E402

_labs = []


def pytest_configure():
    # SIGTERM ends a test run like Ctrl-C: the labs are taken down.
    def stop(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, stop)


def pytest_collection_modifyitems(items):
    word = None
    if os.geteuid() != 0:
        word = "network namespaces need root"
    elif not lab_module.STANDIN and not (lab_module.BUILD / "apps/jerboa").exists():
        word = f"{lab_module.BUILD}/apps/jerboa is missing: run scripts/build"
    for item in items if word else []:
        item.add_marker(pytest.mark.skip(reason=word))


def _lab():
    lab = lab_module.Lab()
    _labs.append(lab)
    try:
        yield lab
    finally:
        _labs.remove(lab)
        lab.close()


new_lab = pytest.fixture(_lab, name="new_lab")  # a lab for one test
module_lab = pytest.fixture(_lab, scope="module", name="module_lab")  # for a file


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for lab in _labs:
            for router in lab.routers:
                log = router.log().splitlines()[-80:]
                state = "runs" if router.running() else "does not run"
                report.sections.append((f"log of {router.space.name} ({state})", "\n".join(log)))
