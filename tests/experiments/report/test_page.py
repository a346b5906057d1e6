"""The page in a real browser: everything is drawn, nothing sticks out."""

import json
import re
import shutil
import subprocess

import pytest

from experiments.report.report import write_report

PROBE = """
<script>
addEventListener("load", () => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  const wide = (each) => each.getBoundingClientRect().right > innerWidth + 1;
  const inside = (each) => each.closest(".scroll, pre") !== null;
  const found = {
    width: innerWidth,
    scroll: document.documentElement.scrollWidth,
    images: document.images.length,
    undrawn: [...document.images].filter((i) => !i.naturalWidth).length,
    wide: [...document.querySelectorAll("body *")]
      .filter((each) => wide(each) && !inside(each))
      .map((each) => each.outerHTML.slice(0, 80)),
  };
  document.title = JSON.stringify(found);
});
</script>
"""


@pytest.fixture
def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return pytest.skip("no Chromium here, so no page is rendered")


@pytest.fixture
def page(make_run, draw_right, tmp_path):
    long_name = "an arm of a name that is much too long for any table"
    folders = [
        make_run(name, seed, draw_right(50 + 10 * number, 10 * number + seed))
        for number, name in enumerate(("baseline", long_name, "$x_1$ <b>"))
        for seed in range(2)
    ]
    write_report(folders, tmp_path / "out", "Study", study="mine")
    return tmp_path / "out" / "index.html"


@pytest.mark.parametrize("width", [1280, 500])
@pytest.mark.parametrize("dark", [False, True])
def test_page_is_drawn_whole(browser, page, tmp_path, width, dark):
    probed = page.with_name("probed.html")
    probed.write_text(page.read_text().replace("</main>", f"</main>{PROBE}"))
    done = subprocess.run(
        [
            browser,
            *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-sync"),
            *("--disable-component-update", "--disable-quic"),
            *("--enable-logging=stderr", "--hide-scrollbars"),
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},900",
            *(["--force-dark-mode"] if dark else []),
            "--virtual-time-budget=5000",
            "--dump-dom",
            probed.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.S)[1]
    found = json.loads(title.replace("&lt;", "<").replace("&gt;", ">"))
    assert found["width"] == width
    assert found["images"] == 7
    assert found["undrawn"] == 0
    assert found["wide"] == []
    assert found["scroll"] <= width
    assert "CONSOLE" not in done.stderr
