"""An exported page on the web: served like any file, shown in a frame of a page of another site."""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import torch

import rnnwidgets as rw
from tests.e2e.traffic import Traffic
from tests.e2e.view import VARIED, View, differ

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

STEPS = 12
FRAME = """<!doctype html><link rel="icon" href="data:,"><title>A course</title>
<iframe src="{address}" sandbox="allow-scripts" width="1300" height="1600"></iframe>"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which a web server shows a folder."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def trained() -> rw.Recording:
    """A recording of a few steps of an LSTM."""
    torch.manual_seed(0)
    model = torch.nn.LSTM(4, 24)
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    with rw.watch(model, optimizer, every=1, samples=2) as recorder:
        for _ in range(STEPS):
            loss = model(torch.randn(20, 2, 4))[0].square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            recorder.log(loss=loss)
    return recorder.recording


def test_an_exported_page_in_a_frame_of_another_site_scrubs_and_asks_nobody(browser: Browser, tmp_path: Path):
    course, shelf = tmp_path / "course", tmp_path / "shelf"
    course.mkdir()
    shelf.mkdir()
    rw.export_html(trained(), shelf / "run.html")
    context = browser.new_context(viewport={"width": 1400, "height": 1700})
    page, traffic, asked = context.new_page(), Traffic(), []
    traffic.listen(page)
    page.on("request", lambda request: asked.append(request.url))
    with served(course) as site, served(shelf) as elsewhere:
        (course / "index.html").write_text(FRAME.format(address=f"{elsewhere}/run.html"), "utf-8")
        page.goto(f"{site}/index.html")
        view = View(page.frame_locator("iframe").locator(".rnnw"))
        end = view.until(f"d.state === 'finished' && n('frames') === {STEPS} && d.step === '{STEPS - 1}'")
        with view.drag("step", 0.9) as move:
            move(0.1)
            early = view.until("n('step') === said('step') && n('step') <= 2")
        with view.drag("time", 0.1) as move:
            move(0.8)
            view.until("n('time') > 10 && n('time') === Number(control('time').value)")
        assert asked == [f"{site}/index.html", f"{elsewhere}/run.html"]
    context.close()
    assert traffic.errors == []
    assert early.heatmap
    assert early.heatmap.colors >= VARIED
    assert differ(early.heatmap, end.heatmap)
